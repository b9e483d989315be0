// Locks in the graph, and what they do there.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// What a lock stands between, as axes of `locked`. Empty: nothing that moves.
std::vector<ExprId> sides(LockedGraph& locked, const LockSite& lock);

// Something moves on one side, and not in the same way on the other.
bool has_effect(LockedGraph& locked, const LockSite& lock);

// `graph` with all of these locks, and what inference says of it.
Result<LockedGraph> insert_and_infer(const Graph& graph, std::vector<LockSite> locks,
                                     const InferOptions& options);

// The same with those of the locks that have an effect beside each other: ties, which cut points do
// not regard, may have made the two sides of one the same. They come in the order of the key.
Result<LockedGraph> settle(const Graph& graph, std::vector<LockSite> locks,
                           const InferOptions& options);

}  // namespace permcrypt
