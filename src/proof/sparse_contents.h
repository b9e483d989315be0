// Sparse tensors of the two models: do they stand for the same tensors, renumbered as planned?
#pragma once

#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "proof/contents.h"

namespace permcrypt::proof {

// Makes the claims of the values of sparse tensors claims about the whole tensors. `claims` are by
// TensorId of the original, and paired. Returns, by the same, which tensors were compared here: the
// parts of those that the plan renumbers; others are compared as any tensor.
Result<std::vector<bool>> claim_sparse(const Model& original, const Model& encrypted,
                                       const Plan& plan, const std::vector<Permutation>& groups,
                                       Terms& terms, Orders& orders,
                                       std::vector<TensorClaim>& claims);

}  // namespace permcrypt::proof
