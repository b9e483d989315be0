// Puts locks into the analysed copy of a graph.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// A copy of `graph` with one pseudo node per lock, in front of or behind its place:
//
//   input, cut    value -> Lock -> ... -> all nodes that read the value, in inner bodies too
//   index         value -> IndexLock -> the one operand
//   output        value as it is made -> Lock -> ... -> the graph output, beside other locks
//   client map    in front of an input: value -> IndexLock, Lock -> ... -> readers and outputs
//                 behind an output: as an output lock; LabelLock for ids
//
// Locks on several axes of one value follow each other in the order given. Fills in `before` and
// `behind`. A graph output without an output lock stays in front of a cut at its value: it is the
// present of a cache, or does not move.
Graph insert_locks(const Graph& graph, std::vector<LockSite>& locks);

}  // namespace permcrypt
