// What the quantised operators share: parameters per row or column, and numbers quantised in
// blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "infer/rule.h"

namespace permcrypt {

// `elements` are quantised in blocks of `size`, with one parameter per index of `blocks`: blocks x
// lanes. A short last block has lanes of its own and stays the last.
void quantise_in_blocks(RuleCall& c, const Axis& elements, const Axis& blocks, std::int64_t size);

// A parameter of a matrix [.., k, n]: one number, one per n, or an array of its rank without k.
void per_column(RuleCall& c, Operand* parameter, const std::vector<Axis>& matrix);

// The same for [.., m, k], per m.
void per_row(RuleCall& c, Operand* parameter, const std::vector<Axis>& matrix);

}  // namespace permcrypt
