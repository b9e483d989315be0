// Locks on the interface of a model, and those that free what it holds still.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// Locks around what cannot move take time; they must free at least this share of the weights.
inline constexpr double kWorthwhile = 0.005;

// Of the locks on the interface, those with an effect; with locks around what cannot move if they
// free more, and further ones where classes are chosen or handed to the user if these free more
// still. Those of the latter kinds are boundary locks.
Result<LockedGraph> open_up(const Graph& graph, std::vector<LockSite> interface,
                            const InferOptions& options);

}  // namespace permcrypt
