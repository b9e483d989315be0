// NumPy's .npy format, versions 1 to 3: one array.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Reads an array of f2, f4, f8, i1 to i8, u1 to u8 or b1, in C or Fortran order. `name` names the
// tensor, and the array in errors.
// Errors (kInput): malformed header, big-endian or other types, data shorter or longer than the
// shape says.
Result<TensorData> decode_npy(std::string_view npy, std::string name);

// Always version 1, C order, and the same bytes for the same tensor.
// Errors (kOutput): NumPy has no such type (bfloat16, 4-bit, 8-bit floating point).
Result<std::string> encode_npy(const TensorData& tensor);

}  // namespace permcrypt
