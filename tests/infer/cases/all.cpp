#include "infer/op_case.h"

namespace permcrypt::testing {

std::vector<OpCase> all_cases() {
  std::vector<OpCase> out;
  for (const auto cases :
       {attention_cases(),    block_weight_cases(),  control_flow_cases(), convolution_cases(),
        elementwise_cases(),  embedding_cases(),     estimator_cases(),    generator_cases(),
        indexing_cases(),     lock_cases(),          mixing_cases(),       moe_cases(),
        movement_cases(),     normalisation_cases(), pooling_cases(),      product_cases(),
        quantisation_cases(), recurrent_cases(),     reduction_cases(),    resampling_cases(),
        selection_cases()}) {
    out.insert(out.end(), cases.begin(), cases.end());
  }
  return out;
}

}  // namespace permcrypt::testing
