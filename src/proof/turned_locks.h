// Locks that are three nodes: a Transpose that brings an axis to the front, a Gather by a part of the
// key along it, and the Transpose back.
//
//   Transpose(p^-1) . Gather along 0 . Transpose(p)  =  Gather along p[0]
//
// The two values in between have no name in the original, and nothing else may read them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "permcrypt/graph.h"

namespace permcrypt::proof {

struct TurnedLock {
  ValueId value = kNone, key = kNone;
  std::int64_t axis = 0;  // of `value`, from 0
};

struct TurnedLocks {
  std::map<const GraphNode*, TurnedLock> locks;  // by the last of the three
  std::set<const GraphNode*> inner;              // the first two
};

// `key_input`: the name of the graph input that the key comes by.
TurnedLocks find_turned_locks(const Graph& encrypted, const std::string& key_input);

}  // namespace permcrypt::proof
