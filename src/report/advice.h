// What the owner of a model can do about weights that stay.
#pragma once

#include <string>
#include <vector>

#include "permcrypt/report.h"

namespace permcrypt {

// One line for each way to move more, with the share of the weights that it is about; the largest
// share first. Nothing for what has to stay.
std::vector<std::string> advise(Analysis& analysis, const Report& report);

}  // namespace permcrypt
