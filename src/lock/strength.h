// How many keys locks hold, as a power of two.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// Of the orders of n things.
double log2_factorial(std::int64_t n);

// Of the free factors of an axis, each counted once.
double bits_of(LockedGraph& locked, ExprId expr);
// Of the side of a lock that has more of them.
double bits_of(LockedGraph& locked, const LockSite& lock);

// Of a client map, which may be of several axes.
double client_bits(LockedGraph& locked, const LockSite& map);

// The free factors of the axes that these places are on.
std::set<ExprId> free_factors(LockedGraph& locked, const std::vector<LockSite>& places);

// Whether a factor on either side of a lock is one of these.
bool meets(LockedGraph& locked, const LockSite& lock, const std::set<ExprId>& factors);

// The free factors that lie on weights of `original`, whose values `locked` has, too.
std::set<ExprId> weight_factors(const Graph& original, LockedGraph& locked);

}  // namespace permcrypt
