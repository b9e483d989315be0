// Where a node may read the key: in the main graph, and in the bodies of If, Loop and Scan, which see
// the names around them. Not in a local function, nor in a body that belongs to another operator
// (GreedySearch and the like), whose names the runtime checks.
#pragma once

#include <vector>

#include "permcrypt/graph.h"

namespace permcrypt {

class KeyScope {
 public:
  explicit KeyScope(const Graph& graph);

  bool sees_key(NodeId node) const { return visible_[node]; }
  // Some node that sees the key made the value, or a function called there returned it, and no body
  // hands it out: a lock can follow it.
  bool can_lock(ValueId value) const { return lockable_[value]; }
  // The same of a constant: it belongs to a graph whose nodes see the key.
  bool can_lock_constant(ValueId value) const { return lockable_constant_[value]; }

 private:
  std::vector<bool> visible_, lockable_, lockable_constant_;  // by node; by value; by value
};

}  // namespace permcrypt
