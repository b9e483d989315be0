// Token files: what a licensed user needs to run a model.
//
//   TOKEN.npz        exactly one array, called permcrypt_key: the index vectors of all locks, int32
//   TOKEN.in.onnx    when the data carries the key: the client graphs that scramble inputs
//   TOKEN.out.onnx   and unscramble outputs
//   TOKEN.tokenizer.json   a tokenizer with renumbered ids
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "permcrypt/status.h"
#include "permcrypt/token.h"
#include "verify/tensor_data.h"

namespace permcrypt {

inline constexpr std::string_view kKeyInput = "permcrypt_key";

// Errors (kInput): not a token file.
Result<TensorData> read_token(const std::filesystem::path& path);

// The client graphs of a token, whichever of its files `token` names.
struct ClientGraphPaths {
  std::filesystem::path in, out;
};
ClientGraphPaths client_graph_paths(const std::filesystem::path& token);

// Writes the files that the token has, all or none, mode 0600; the same bytes for the same token.
// `inputs`: files that must not be written over. Returns what was written. Errors (kOutput): a file
// exists or cannot be written.
Result<std::vector<std::filesystem::path>> write_token(
    const std::filesystem::path& path, const Token& token, IfExists if_exists,
    std::vector<std::filesystem::path> inputs = {});

}  // namespace permcrypt
