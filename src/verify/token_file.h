// Token files: what a licensed user feeds to the model besides its data. A .npz with exactly one
// array, called permcrypt_key: the index vectors of all locks, as int32.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

inline constexpr std::string_view kKeyInput = "permcrypt_key";

// Errors (kInput): not a token file.
Result<TensorData> read_token(const std::filesystem::path& path);

// The same bytes for the same vector, mode 0600. `inputs`: files that must not be written over.
// Errors (kOutput): the file exists or cannot be written.
Result<void> write_token(const std::filesystem::path& path, std::span<const std::int32_t> vector,
                         IfExists if_exists, std::vector<std::filesystem::path> inputs = {});

}  // namespace permcrypt
