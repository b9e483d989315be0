// What outputs are called when nobody says (the README's table of names).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace permcrypt {

// "dir/x.onnx" -> "dir/x.enc.onnx", also for "dir/x".
std::filesystem::path encrypted_name(const std::filesystem::path& model);
// "dir/x.enc.onnx" and "dir/x.onnx" -> "dir/x" + ending.
std::filesystem::path beside_encrypted(const std::filesystem::path& encrypted,
                                       std::string_view ending);
// The name of external data file `number` (from 1) beside `model`: ".data", ".data.1" ...
std::string data_file_name(const std::filesystem::path& model, std::size_t number);

}  // namespace permcrypt
