// One pass over the graph under assumptions about the dynamic dimensions; what comes out may
// suggest others, and another pass.
#pragma once

#include <functional>
#include <memory>

#include "infer/workspace.h"

namespace permcrypt {

// Binds dimensions as given, and those that only one extent satisfies, and solves the axes. Null
// when the dimensions contradict each other.
using Pass = std::function<std::unique_ptr<Workspace>(SizeAssumptions)>;

}  // namespace permcrypt
