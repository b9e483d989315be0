// Grey pictures of matrices, for people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "permcrypt/status.h"

namespace permcrypt {

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;  // row-major
};

// Both matrices side by side in one PNG, on one grey scale, enlarged to at least `height` pixels.
// REQUIRES: equal shapes, not empty. Errors (kOutput): the file cannot be written.
Result<void> write_picture(const std::filesystem::path& path, const Matrix& left,
                           const Matrix& right, std::size_t height);

}  // namespace permcrypt
