// Axes as lists of digits, and how a few factors lie on them.
#pragma once

#include <span>
#include <vector>

#include "permcrypt/infer.h"

namespace permcrypt {

using Digits = std::vector<ExprId>;  // mixed radix, major first; none has a single index

// The terms of a sum, each as the digits of a product; a digit that is a sum stays one.
std::vector<Digits> terms_of(AxisStore& axes, ExprId expr);

// How a run of different factors lies on the axes of a value.
enum class Lie : std::uint8_t {
  kAbsent,
  kWithinAxes,  // wherever one of them is, it is part of the whole run, on one axis
  kAcrossAxes,  // each is there once, on an axis that is no sum
  kApart,       // one is where another is not, or which belongs to which is not clear
};

Lie lie_of(AxisStore& axes, std::span<const Axis> value, const Digits& run);
// The same for what lies in memory: kAcrossAxes only where the run is in order, with nothing between.
Lie lie_in_memory(AxisStore& axes, std::span<const Axis> value, const Digits& run);

// The digits that follow each other in memory: terms of sums by themselves, axes that are no sums in
// one list.
std::vector<Digits> adjacent_digits(AxisStore& axes, std::span<const Axis> value);

}  // namespace permcrypt
