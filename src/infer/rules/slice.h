// The rule for Slice, which is long enough for a file of its own.
#pragma once

#include "infer/rule.h"

namespace permcrypt {

void slice(RuleCall& c);

}  // namespace permcrypt
