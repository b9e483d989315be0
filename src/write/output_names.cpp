#include "write/output_names.h"

namespace permcrypt {
namespace {

std::string without(std::string name, std::string_view ending) {
  if (name.size() > ending.size() && name.ends_with(ending)) {
    name.resize(name.size() - ending.size());
  }
  return name;
}

}  // namespace

std::filesystem::path encrypted_name(const std::filesystem::path& model) {
  return without(model.native(), ".onnx") + ".enc.onnx";
}

std::filesystem::path beside_encrypted(const std::filesystem::path& encrypted,
                                       std::string_view ending) {
  return without(without(encrypted.native(), ".onnx"), ".enc") + std::string(ending);
}

std::string data_file_name(const std::filesystem::path& model, std::size_t number) {
  const std::string name = model.filename().native() + ".data";
  return number == 1 ? name : name + "." + std::to_string(number - 1);
}

}  // namespace permcrypt
