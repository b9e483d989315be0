// Windows, strides and patches run on whole multiples of their size only, and many exports leave
// the sizes themselves open. Where a pass failed to divide a size, sizes are taken to be round.
#pragma once

#include "infer/pass.h"

namespace permcrypt {

// The pass in which sizes are round, if `ws` lost shapes that it knows and more axes are free in
// it; else `ws` itself.
std::unique_ptr<Workspace> with_round_sizes(const Pass& pass, std::unique_ptr<Workspace> ws);

}  // namespace permcrypt
