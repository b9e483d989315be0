// Index tensors whose elements are affine in their own indices: offset + sum over k of stride_k *
// index_k. Exporters compute the positions of a strided view in this way; the batch makes them too
// dynamic to fold, yet all that matters about them is known.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "infer/dimensions.h"

namespace permcrypt {

struct Axis;
struct Operand;
class RuleCall;

// Every number is a pair: its value under either binding of the dynamic dimensions.
struct Affine {
  Dimensions::Pair offset;
  std::vector<Dimensions::Pair> strides;  // one per axis; 0 for a unit axis
};

// The form of an operand, carried along or read off its elements; nothing when it has none.
std::optional<Affine> affine_of(const Operand& x);

// The form of the only result of a node whose rule has run.
std::optional<Affine> affine_result(const RuleCall& c, const Operand& result);

// Elements that are the positions [begin, begin + extent), each once, in mixed radix.
struct Enumeration {
  Dimensions::Pair begin, extent;
  std::vector<std::size_t> order;  // the axes that number them, major first; no unit axes
};
std::optional<Enumeration> enumeration_of(const Affine& form, const std::vector<Axis>& axes);

}  // namespace permcrypt
