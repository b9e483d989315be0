// How much of a model's weights moves. A tensor is protected on
// both sides when every axis longer than 1 moves, a vector when its axis does.
#pragma once

#include <vector>

#include "permcrypt/report.h"

namespace permcrypt {

// Sets `counts`, `protection` and `kernel` from type, shape and axes.
void classify(TensorReport& tensor, std::int32_t type);

Coverage coverage_of(const std::vector<TensorReport>& tensors);

}  // namespace permcrypt
