// Key-value caches that a model only takes or only emits: one of two exported files, first step and
// later steps, which must agree on the order of what passes between them.
#pragma once

#include <string>
#include <vector>

#include "permcrypt/analysis.h"

namespace permcrypt {

// A warning, if there are such. Caches are recognised by their shape alone: several floating-point
// tensors [dynamic, heads, dynamic, width] that inference did not pair.
std::vector<std::string> warn_of_one_sided_caches(const Analysis& analysis);

}  // namespace permcrypt
