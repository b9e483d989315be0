// GatherND and ScatterND: each row of the index holds one coordinate per indexed axis.
#pragma once

#include "infer/rule.h"

namespace permcrypt {

void gather_nd(RuleCall& c);
void scatter_nd(RuleCall& c);

// Indexes `axis` by the elements of `index`, one coordinate each; what nothing renumbers pins it.
void index_by(RuleCall& c, Operand& index, const Axis& axis);

}  // namespace permcrypt
