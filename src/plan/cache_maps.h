// The order that caches are in: an axis map for each axis of a past, which its present shares.
#pragma once

#include <vector>

#include "permcrypt/lock.h"
#include "permcrypt/plan.h"
#include "plan/fibres.h"

namespace permcrypt {

// REQUIRES: `parents` are of find_fibres. kDefect where an axis of no fixed extent would move.
Result<std::vector<PlanCache>> plan_caches(LockedGraph& locked, const Groups& group_of,
                                           const Parents& parents);

}  // namespace permcrypt
