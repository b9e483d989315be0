// op(P x) = P op(x): does ONNX Runtime compute the same from a model whose free axes are
// renumbered?
#pragma once

#include <map>
#include <vector>

#include "infer/analysed.h"

namespace permcrypt::testing {

// The outputs of a model, each node run as it is written.
Result<std::vector<TensorData>> run_as_written(const onnx::ModelProto& model,
                                               const std::vector<TensorData>& feeds);

// Equal but for sums in another order: floats may differ in the last digits, and a quantised result
// by a step.
bool nearly_equal(const TensorData& expected, const TensorData& actual);

// Does the renumbered model give the renumbered `results`? Throws std::runtime_error when it does
// not run, or when a result has not the shape that inference says.
bool is_equivariant(Analysed& analysed, const std::vector<TensorData>& results,
                    const std::map<ExprId, Permutation>& permutations);

}  // namespace permcrypt::testing
