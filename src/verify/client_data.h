// Data in the user's hands: what client maps make of inputs, and of what the model gives back.
#pragma once

#include <span>
#include <vector>

#include "permcrypt/client_map.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Inputs as the encrypted model takes them. Errors (kInput): a tensor that a map does not fit.
Result<std::vector<TensorData>> scrambled(std::vector<TensorData> inputs,
                                          std::span<const ClientMap> maps);

// The encrypted model's outputs as the original would give them.
Result<std::vector<TensorData>> unscrambled(std::vector<TensorData> outputs,
                                            std::span<const ClientMap> maps);

}  // namespace permcrypt
