#include "write/output_names.h"

#include <system_error>

#include "base/quote.h"

namespace permcrypt {
namespace {

std::string without(std::string name, std::string_view ending) {
  if (name.size() > ending.size() && name.ends_with(ending)) {
    name.resize(name.size() - ending.size());
  }
  return name;
}

}  // namespace

std::filesystem::path model_file(const std::filesystem::path& model) {
  std::error_code ignored;
  return std::filesystem::is_directory(model, ignored) ? model / "model.onnx" : model;
}

std::filesystem::path encrypted_name(const std::filesystem::path& model) {
  return without(model_file(model).native(), ".onnx") + ".enc.onnx";
}

std::filesystem::path beside_encrypted(const std::filesystem::path& encrypted,
                                       std::string_view ending) {
  return without(without(model_file(encrypted).native(), ".onnx"), ".enc") + std::string(ending);
}

std::filesystem::path token_name(const std::filesystem::path& encrypted) {
  return without(model_file(encrypted).native(), ".onnx") + ".token.npz";
}

std::string data_file_name(const std::filesystem::path& model, std::size_t number) {
  const std::string name = model.filename().native() + ".data";
  return number == 1 ? name : name + "." + std::to_string(number - 1);
}

Result<void> check_distinct(const std::filesystem::path& model, const std::filesystem::path& out) {
  std::error_code ignored;
  if (!std::filesystem::equivalent(model_file(model), out, ignored)) return {};
  return fail(ErrorKind::kUsage, in_quotes(out.native()) + " is the model itself",
              "choose another name with -o");
}

}  // namespace permcrypt
