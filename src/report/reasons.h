// Why axes stay, in words for the owner of a model.
#pragma once

#include "permcrypt/report.h"

namespace permcrypt {

// Sets TensorReport::why, and appends the factors that stay as groups that are not free.
void add_reasons(Analysis& analysis, Report& report);

}  // namespace permcrypt
