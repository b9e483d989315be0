#include "read/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "base/checked.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr int kDeepest = 3;                        // the header, a tensor, a shape

std::uint32_t bits_of(const std::string& type) {
  static constexpr std::pair<std::string_view, std::uint32_t> kTypes[] = {
      {"F64", 64}, {"F32", 32}, {"F16", 16}, {"BF16", 16},   {"I64", 64},
      {"I32", 32}, {"I16", 16}, {"I8", 8},   {"U64", 64},    {"U32", 32},
      {"U16", 16}, {"U8", 8},   {"BOOL", 8}, {"F8_E4M3", 8}, {"F8_E5M2", 8}};
  for (const auto& [name, bits] : kTypes) {
    if (name == type) return bits;
  }
  return 0;
}

// The header, or nothing when it is damaged. What nests deeper than the format does is left out
// before it can cost anything.
std::optional<Json> parse_header(std::string_view text) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kDeepest; };
  Json header = Json::parse(text, shallow, false);
  if (!header.is_object()) return std::nullopt;
  return header;
}

std::optional<std::vector<std::uint64_t>> numbers(const Json& entry, const char* member) {
  if (!entry.is_object() || !entry.contains(member) || !entry[member].is_array()) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> values;
  for (const Json& value : entry[member]) {
    if (!value.is_number_unsigned()) return std::nullopt;
    values.push_back(value.get<std::uint64_t>());
  }
  return values;
}

// `begin`: where the elements of the file start.
std::optional<SafeTensor> parse_tensor(const std::string& name, const Json& entry,
                                       std::uint64_t begin, std::uint64_t file_size) {
  const auto shape = numbers(entry, "shape");
  const auto range = numbers(entry, "data_offsets");
  if (!shape || !range || range->size() != 2 || !entry.contains("dtype")) return std::nullopt;
  if (!entry["dtype"].is_string()) return std::nullopt;
  const std::uint64_t first = range->at(0), last = range->at(1);
  if (first > last || last > file_size - begin) return std::nullopt;
  const auto type = entry["dtype"].get<std::string>();
  const std::uint32_t bits = bits_of(type);
  std::optional<std::uint64_t> length = bits / 8;
  for (const std::uint64_t extent : *shape) {
    length = checked_mul(*length, extent);
    if (!length) return std::nullopt;
  }
  if (bits != 0 && *length != last - first) return std::nullopt;
  return SafeTensor{name,          *shape,
                    bits,          type.starts_with("F") || type.starts_with("BF"),
                    begin + first, last - first};
}

std::optional<std::vector<SafeTensor>> parse(std::string_view file) {
  if (file.size() < kLengthBytes) return std::nullopt;
  std::uint64_t length = 0;
  for (std::uint64_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(file[i]);
  }
  if (length > kMaxHeader || length > file.size() - kLengthBytes) return std::nullopt;
  const auto header = parse_header(file.substr(kLengthBytes, length));
  if (!header) return std::nullopt;

  std::vector<SafeTensor> tensors;
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") continue;
    auto tensor = parse_tensor(name, entry, kLengthBytes + length, file.size());
    if (!tensor) return std::nullopt;
    tensors.push_back(*std::move(tensor));
  }
  std::ranges::sort(tensors, {}, [](const SafeTensor& t) { return std::pair(t.offset, t.length); });
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    if (tensors[i].offset < tensors[i - 1].offset + tensors[i - 1].length) return std::nullopt;
  }
  return tensors;
}

}  // namespace

Result<std::vector<SafeTensor>> read_safetensors(const MappedFile& file) {
  auto tensors = parse(file.bytes());
  if (tensors) return *std::move(tensors);
  return fail(ErrorKind::kInput, in_quotes(file.path().native()) + " is no safetensors file",
              "name a checkpoint that ends in .safetensors, and that is complete");
}

}  // namespace permcrypt
