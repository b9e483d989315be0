// Cases for the table of operators: one line of model and its index structure. Every operator of
// the table needs one.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace permcrypt::testing {

enum class Kernel {
  kEverywhere,  // ONNX Runtime runs it on the CPU
  kRecent,      // only some releases do
  kNowhere,     // none does: the structure is all that is checked
};

struct OpCase {
  std::string_view line;       // see one_node.h
  std::string_view structure;  // see analysed.h
  int opset = 17;
  Kernel kernel = Kernel::kEverywhere;
};

// Every case, family by family.
std::vector<OpCase> all_cases();

std::span<const OpCase> attention_cases();
std::span<const OpCase> block_weight_cases();
std::span<const OpCase> control_flow_cases();
std::span<const OpCase> convolution_cases();
std::span<const OpCase> elementwise_cases();
std::span<const OpCase> embedding_cases();
std::span<const OpCase> estimator_cases();
std::span<const OpCase> generator_cases();
std::span<const OpCase> indexing_cases();
std::span<const OpCase> lock_cases();
std::span<const OpCase> mixing_cases();
std::span<const OpCase> moe_cases();
std::span<const OpCase> movement_cases();
std::span<const OpCase> normalisation_cases();
std::span<const OpCase> pooling_cases();
std::span<const OpCase> product_cases();
std::span<const OpCase> quantisation_cases();
std::span<const OpCase> recurrent_cases();
std::span<const OpCase> reduction_cases();
std::span<const OpCase> resampling_cases();
std::span<const OpCase> selection_cases();

// An operator of which ONNX Runtime runs no case, and why.
struct NotRun {
  std::string_view op;  // with its domain, as in a case
  std::string_view why;
};
std::span<const NotRun> not_run();

}  // namespace permcrypt::testing
