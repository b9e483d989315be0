#include "verify/polygraphy.h"

#include <sodium.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/quote.h"
#include "verify/npy.h"

namespace permcrypt {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::string> from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::string to_base64(const std::string& bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminator
  return text;
}

Result<TensorData> decode_entry(const std::string& name, const Json& value) {
  if (!value.is_object() || !value.contains("array") || !value["array"].is_string()) {
    return fail(ErrorKind::kInput, "array " + in_quotes(name) + ": not an ndarray of Polygraphy's");
  }
  const auto npy = from_base64(value["array"].get_ref<const std::string&>());
  if (!npy) return fail(ErrorKind::kInput, "array " + in_quotes(name) + ": not base64");
  return decode_npy(*npy, name);
}

}  // namespace

Result<std::vector<std::vector<TensorData>>> decode_polygraphy(std::string_view json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_array() || document.empty()) {
    return fail(ErrorKind::kInput, "not a list of inputs in Polygraphy's JSON");
  }
  std::vector<std::vector<TensorData>> runs;
  for (const Json& feeds : document) {
    if (!feeds.is_object()) {
      return fail(ErrorKind::kInput, "not a list of inputs in Polygraphy's JSON");
    }
    std::vector<TensorData>& tensors = runs.emplace_back();
    for (const auto& [name, value] : feeds.items()) {
      Result<TensorData> tensor = decode_entry(name, value);
      if (!tensor) return fail(tensor.error());
      tensors.push_back(*std::move(tensor));
    }
  }
  return runs;
}

Result<std::string> encode_polygraphy(const std::vector<std::vector<TensorData>>& runs) {
  Json document = Json::array();
  for (const std::vector<TensorData>& tensors : runs) {
    Json feeds = Json::object();
    for (const TensorData& tensor : tensors) {
      const Result<std::string> npy = encode_npy(tensor);
      if (!npy) return fail(npy.error());
      feeds[tensor.name] = Json{{"array", to_base64(*npy)}, {"polygraphy_class", "ndarray"}};
    }
    document.push_back(std::move(feeds));
  }
  return document.dump(4, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace permcrypt
