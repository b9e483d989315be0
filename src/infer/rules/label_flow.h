// What becomes of element labels where tensors are joined, and arguments that several families
// read.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "infer/rule.h"

namespace permcrypt {

// A constant this small is a value rather than a table.
bool is_small_constant(const Operand& operand);

// Labels of data operands that end up in one tensor become one; a small constant only holds its own
// elements in place. kNone when the operands are no indices.
LabelId merge_labels(RuleCall& c, const std::vector<std::size_t>& operands);

// `axes` as an attribute (older opsets) or as operand k; gives up when they are dynamic.
std::optional<std::vector<std::int64_t>> axes_argument(RuleCall& c, std::size_t k);

}  // namespace permcrypt
