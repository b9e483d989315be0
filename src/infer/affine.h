// Index tensors whose elements are affine in their own indices: offset + sum over k of stride_k *
// index_k. Exporters compute the positions of a strided view in this way, and the coordinates of an
// assignment to a part of a tensor; the batch makes them too dynamic to fold, yet all that matters
// about them is known.
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
  std::optional<Dimensions::Pair> offset;  // absent: computed in another way
  // One per axis: 0 for a unit axis, absent where the elements depend on the index in another way.
  std::vector<std::optional<Dimensions::Pair>> strides;

  // Elements do not depend on the index of axis k.
  bool constant_along(std::size_t k) const { return strides[k] == Dimensions::Pair{0, 0}; }
};

// The form of an operand, carried along or read off its elements; nothing when it is no integer
// tensor of known shape.
std::optional<Affine> affine_of(const Operand& x);

// The form of the only result of a node whose rule has run.
std::optional<Affine> affine_result(const RuleCall& c, const Operand& result);

// Elements that are the positions [begin, begin + extent), each once, in mixed radix.
struct Enumeration {
  Dimensions::Pair begin, extent;
  std::vector<std::size_t> order;  // the axes that number them, major first; no unit axes
};
std::optional<Enumeration> enumeration_of(const Affine& form, const std::vector<Axis>& axes);

// An index [.., n] whose rows are coordinates: the forms of its columns, over the axes in front of
// the last one. Empty when they are not known.
std::vector<Affine> columns_of(const Operand& index);
// The columns of the only result of a node whose rule has run; empty when there are none.
std::vector<Affine> columns_result(const RuleCall& c, const Operand& result);

}  // namespace permcrypt
