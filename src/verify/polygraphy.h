// Polygraphy's JSON for inputs (polygraphy run --save-inputs, --load-inputs): a list of
// dictionaries, one per run, from names to .npy files in base64.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Errors (kInput): not JSON, not such a list, empty, whatever decode_npy refuses.
Result<std::vector<std::vector<TensorData>>> decode_polygraphy(std::string_view json);

// The same text for the same tensors. Errors (kOutput): types that NumPy lacks.
Result<std::string> encode_polygraphy(const std::vector<std::vector<TensorData>>& runs);

}  // namespace permcrypt
