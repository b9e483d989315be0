// Exporters declare the height and width of pictures as dynamic, although the model's position
// table fits one size only. Where a dynamic extent meets a static one, that size is looked for.
#pragma once

#include "infer/pass.h"

namespace permcrypt {

// If `ws` met a static extent with one that depends on the height and width of a picture (a
// floating-point input of rank 4), the pass in which both are the one square size that fits; `ws`
// itself where there is none. The dimensions are then bound, and the report says so.
std::unique_ptr<Workspace> with_picture_size(const Pass& pass, std::unique_ptr<Workspace> ws);

}  // namespace permcrypt
