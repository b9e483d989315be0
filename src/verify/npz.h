// NumPy's .npz format: a zip archive of .npy files, named after their arrays.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Reads all arrays, in the archive's order. Members may be stored or deflated, and use zip64.
// Errors (kInput): not a zip archive, damaged or encrypted members, more than 4 GiB in all, two
// arrays of one name, whatever decode_npy refuses.
Result<std::vector<TensorData>> decode_npz(std::string_view npz);

// The same bytes for the same tensors: stored, without dates, in the given order.
// Errors (kOutput): types that NumPy lacks; more than 4 GiB.
Result<std::string> encode_npz(std::span<const TensorData> tensors);

}  // namespace permcrypt
