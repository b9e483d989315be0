// The operators that fold() evaluates, under one binding of the dynamic dimensions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "infer/folded.h"
#include "permcrypt/graph.h"

namespace permcrypt {

using FoldOperands = std::span<const SmallTensor* const>;  // null: not known
using FoldResults = std::vector<std::optional<SmallTensor>>;

// Add, Cast, Where and the like, on integers, booleans and (in single precision, as runtimes do)
// reals; nothing for any other operator. REQUIRES: in[0] is known.
std::optional<FoldResults> fold_elementwise(const GraphNode& node, FoldOperands in);
// Reshape, Slice, Range and the like: elements take other places.
std::optional<FoldResults> fold_structure(const GraphNode& node, FoldOperands in);

// The remainder with the sign of the divisor, as Mod has it; nothing for a divisor of 0.
std::optional<std::int64_t> modulo(std::int64_t x, std::int64_t y);

const onnx::AttributeProto* find_attribute(const GraphNode& node, std::string_view name);
std::int64_t int_attribute(const GraphNode& node, std::string_view name, std::int64_t otherwise);

}  // namespace permcrypt
