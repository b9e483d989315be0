// What becomes of constants and client maps when several axes get one order.
#pragma once

#include <vector>

#include "lock/digits.h"
#include "permcrypt/lock.h"

namespace permcrypt {

// Factors that lie side by side, and the one that takes their place.
struct Joint {
  Digits run;
  ExprId factor = kNone;
};

// Puts the joint factors in place of their runs: in the facts of constants, seen through a view
// where axes become one, and around client maps; those on several axes of one value become one.
//
// REQUIRES: wherever one factor of a run is, the others are; the runs share no factor.
void rewrite_joints(LockedGraph& locked, const std::vector<Joint>& joints);

}  // namespace permcrypt
