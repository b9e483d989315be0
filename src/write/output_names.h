// What outputs are called when nobody says (the README's table of names).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "permcrypt/status.h"

namespace permcrypt {

// The .onnx file that MODEL means: itself, or model.onnx in a folder.
std::filesystem::path model_file(const std::filesystem::path& model);
// "dir/x.onnx" and "dir/x" -> "dir/x.enc.onnx"; a folder -> "folder/model.enc.onnx".
std::filesystem::path encrypted_name(const std::filesystem::path& model);
// "dir/x.enc.onnx" -> "dir/x.enc.token.npz".
std::filesystem::path token_name(const std::filesystem::path& encrypted);
// "dir/x.enc.onnx" and "dir/x.onnx" -> "dir/x" + ending.
std::filesystem::path beside_encrypted(const std::filesystem::path& encrypted,
                                       std::string_view ending);
// The name of external data file `number` (from 1) beside `model`: ".data", ".data.1" ...
std::string data_file_name(const std::filesystem::path& model, std::size_t number);

// kUsage when the output would be the model itself, under whatever name. OutputSet refuses that as
// well; here it comes before anything that is wrong with the model.
Result<void> check_distinct(const std::filesystem::path& model, const std::filesystem::path& out);

}  // namespace permcrypt
