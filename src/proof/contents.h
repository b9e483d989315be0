// Are the weights of the encrypted model those of the original, renumbered as the plan says? The
// plan is a hint here: every element is compared.
#pragma once

#include <string>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "proof/claim.h"

namespace permcrypt::proof {

// One constant of the original and its counterpart.
struct TensorClaim {
  TensorId encrypted = kNone;  // kNone: it has none
  Claim claim;                 // without `original`; related only after comparison
  std::string problem;         // why not related
  bool differs = false;        // the problem is a difference, not a lack of understanding
  bool every_byte = false;     // was compared, and none differs from what the plan makes of it
};

// By TensorId of the original. Tensors are paired by name, in the order of the file. The claim of
// the values of a sparse tensor is about the whole tensor that they stand for.
Result<std::vector<TensorClaim>> compare_contents(const Model& original, const Model& encrypted,
                                                  const Plan& plan,
                                                  const std::vector<Permutation>& groups,
                                                  unsigned threads, Terms& terms, Orders& orders);

// The order that a plan gives an axis.
OrderId planned_order(const AxisMap& map, const std::vector<Permutation>& groups, Orders& orders);

}  // namespace permcrypt::proof
