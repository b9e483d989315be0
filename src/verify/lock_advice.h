// What to do about a model that is useful without its key: which settings of encrypt add locks.
#pragma once

#include <string>

#include "permcrypt/model.h"
#include "write/sealed_plan.h"

namespace permcrypt {

// A hint that names the weakest further setting that adds locks to those of `sealed`, and where it
// would put them. Asks inference what the original offers; runs nothing.
std::string lock_advice(const Model& original, const SealedPlan& sealed);

}  // namespace permcrypt
