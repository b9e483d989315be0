// The rule for Reshape, which is long enough for a file of its own.
#pragma once

#include "infer/rule.h"

namespace permcrypt {

void reshape(RuleCall& c);

}  // namespace permcrypt
