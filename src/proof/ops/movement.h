// What operators that only move elements have in common.
#pragma once

#include "proof/definitions.h"

namespace permcrypt::proof {

// The axes of operand k, whose elements may be renumbered: movement does not look at them. Orders
// may be fibred; axes that are moved as they are keep theirs.
const Axes& moved(const Step& s, std::size_t k = 0);

// Operand 0 comes out with these axes.
void move_to(Step& s, Axes axes);

}  // namespace permcrypt::proof
