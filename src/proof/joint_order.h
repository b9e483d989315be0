// A client map of several axes at once, as one permutation.
#pragma once

#include <vector>

#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "proof/orders.h"

namespace permcrypt::proof {

// Of all positions of the axes, counted row-major: what is at i was at out[i]. The digits of all
// axes, arranged, are one number; taken apart into the extents of `parts`, it is permuted in each.
// Throws NotUnderstood where there are too many.
Index joint_order(const JointAxes& axes, const std::vector<Permutation>& parts);

}  // namespace permcrypt::proof
