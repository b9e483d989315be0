// What is in a safetensors file, the format of PyTorch checkpoints: an 8-byte length, a JSON
// header, and the tensors' elements, row-major and little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct SafeTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::uint32_t bits = 0;    // per element; 0 for a type this version does not know
  bool floating = false;     // of a floating-point type
  std::uint64_t offset = 0;  // in the file
  std::uint64_t length = 0;  // bytes
};

// In the order in which they lie in the file. Errors (kInput): not such a file; spans that overlap,
// lie outside of it, or do not have the length that shape and type say.
Result<std::vector<SafeTensor>> read_safetensors(const MappedFile& file);

}  // namespace permcrypt
