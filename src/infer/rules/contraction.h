// Index structure of a matrix product, shared by the float and the quantised families.
#pragma once

#include <vector>

#include "infer/rule.h"

namespace permcrypt {

// ([b.., i, k], [b.., k, j]) -> [b.., i, j] with NumPy's rules for vectors and batch axes.
std::vector<Axis> matmul_axes(RuleCall& c, const std::vector<Axis>& x, const std::vector<Axis>& y);

}  // namespace permcrypt
