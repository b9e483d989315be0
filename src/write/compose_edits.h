// Two rounds of edits as one.
#pragma once

#include <vector>

#include "permcrypt/plan.h"

namespace permcrypt {

// What `then` does to the result of `first`, in terms of what `first` starts from. Both are sorted
// and do not overlap, and so is the result; `then` has its offsets in the result of `first`. All
// are edits of one file. REQUIRES: Edit::original of `then` is what stands there.
std::vector<Edit> compose_edits(const std::vector<Edit>& first, const std::vector<Edit>& then);

}  // namespace permcrypt
