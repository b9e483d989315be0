// Locks around what cannot move. An operator that depends on the order of an axis holds still every
// weight that is numbered alike, across the whole model; with a lock on each of its sides it holds
// only what lies between them.
#pragma once

#include <cstddef>
#include <vector>

#include "lock/flow.h"
#include "permcrypt/infer.h"
#include "permcrypt/lock.h"

namespace permcrypt {

// Whether to guard what ends as well: an axis in front of an ArgMax, or of what makes the user's
// results and has no place for a lock.
enum class GuardEnds : bool { kNo, kYes };

// A lock on every value through which a node that holds a factor still passes it on, for all
// factors that alone keep an axis of some weight from moving. Where that frees nothing after all,
// the locks come out without effect. Only values below `values` count, as in find_cut_points().
std::vector<LockSite> find_guards(const Graph& graph, Inference& inference, const Flow& flow,
                                  std::size_t values, GuardEnds ends = GuardEnds::kNo);

// The share of the bits of all weights of `graph` that moves on every axis.
double share_moving(const Graph& graph, Inference& inference);

}  // namespace permcrypt
