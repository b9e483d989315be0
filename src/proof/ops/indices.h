// What operators that take positions have in common.
#pragma once

#include "proof/definitions.h"

namespace permcrypt::proof {

// The axes of operand k, whose elements may be renumbered.
const Axes& shape_of(const Step& s, std::size_t k);

// Indices of operand k pick from the axis what they picked in the original. Returns the axis in the
// order that they count it in.
Axis must_fit(const Step& s, std::size_t k, const Axis& axis);

// The axes in front of the coordinates, where these are known, and each one that points into a
// renumbered axis counts along an axis of its own, on which no other depends; no place is named
// twice. Nothing where it is not so.
std::optional<Axes> counted_apart(const Step& s, const Axes& x, std::size_t first, std::size_t n);

// The axes that take the place of `axis` where operand k picks from it.
Axes picked(const Step& s, std::size_t k, const Axis& axis);

}  // namespace permcrypt::proof
