#include "write/manifest.h"

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/hex.h"
#include "derive/bech32.h"
#include "derive/key_text.h"
#include "read/onnx_fields.h"
#include "read/wire.h"
#include "write/deflate.h"

namespace permcrypt {
namespace {

constexpr std::string_view kPrefix = "permcrypt.";
constexpr std::string_view kOpen = "permcrypt.open";
constexpr std::string_view kPlan = "permcrypt.plan";
constexpr std::string_view kMac = "permcrypt.mac";
constexpr std::size_t kMostOpenBytes = 4096;
// A plan takes a few hundred bytes for each tensor; this is enough for a million of them.
constexpr std::size_t kMostPlanBytes = 512u << 20;

tl::unexpected<Error> damaged(std::string what) {
  return fail(ErrorKind::kResult, "the manifest is damaged: " + std::move(what),
              "the file was changed after it was encrypted; use an intact copy");
}

tl::unexpected<Error> too_new(std::uint64_t format) {
  return fail(ErrorKind::kInput,
              "the model is of format " + std::to_string(format) + ", which is too new",
              "use a later release of permcrypt");
}

template <std::size_t N>
std::string hex(const std::array<std::uint8_t, N>& bytes) {
  return hex_encode({reinterpret_cast<const char*>(bytes.data()), N});
}

// One text for each open part: with this release's format, it is what the seal covers.
std::string open_text(const OpenManifest& open, std::uint64_t format = kFormatVersion) {
  return nlohmann::json{{"format", format}, {"key", open.key_id}, {"salt", hex(open.salt)}}.dump();
}

bool is_key_id(std::string_view text) {
  constexpr std::size_t kIdBytes = 20;
  const auto decoded = bech32_decode(text);
  return decoded && decoded->prefix == kIdPrefix && decoded->bytes.size() == kIdBytes;
}

// "" when there is no such text.
std::string string_member(const nlohmann::json& json, const char* name) {
  const auto it = json.find(name);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

Result<OpenManifest> parse_open(std::string_view text) {
  if (text.size() > kMostOpenBytes) return damaged("its open part is too long");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("format") || !json["format"].is_number_unsigned()) {
    return damaged("its open part is not readable");
  }
  OpenManifest open;
  open.format = json["format"].get<std::uint64_t>();
  open.key_id = string_member(json, "key");
  const auto salt = hex_decode(string_member(json, "salt"));
  if (salt && salt->size() == open.salt.size()) std::ranges::copy(*salt, open.salt.begin());
  if (is_key_id(open.key_id) && open_text(open, open.format) == text) return open;
  if (open.format > kFormatVersion) return too_new(open.format);
  return damaged("its open part is not as it was written");
}

Result<Manifest> parse_entries(std::optional<std::string_view> open_part,
                               std::optional<std::string_view> plan,
                               std::optional<std::string_view> mac) {
  if (!open_part || !plan || !mac) return damaged("an entry is missing, or there twice");
  auto open = parse_open(*open_part);
  if (!open) return fail(std::move(open.error()));
  auto sealed = hex_decode(*plan);
  if (!sealed) return damaged("its plan is not hexadecimal");
  if (mac->size() != kMacText) return damaged("its MAC is not of the right length");
  return Manifest{std::move(*open), std::move(*sealed), std::string(*mac)};
}

void append_entry(std::string& out, std::string_view key, std::string_view value) {
  std::string entry;
  wire::append_bytes(entry, onnx_field::entry::kKey, key);
  wire::append_bytes(entry, onnx_field::entry::kValue, value);
  wire::append_bytes(out, onnx_field::model::kMetadata, entry);
}

// The value of an entry that is there once.
std::optional<std::string_view> entry_value(const Model& model, std::string_view key) {
  std::optional<std::string_view> value;
  for (const auto& entry : model.structure.metadata_props()) {
    if (entry.key() != key) continue;
    if (value) return std::nullopt;
    value = entry.value();
  }
  return value;
}

// Where an entry's key stands last in a file, with its length, and the value behind it if that is
// whole.
struct Trace {
  bool there = false;
  std::optional<std::string_view> value;
};

Trace find_entry(std::string_view file, std::string_view key) {
  std::string mark;
  wire::append_bytes(mark, onnx_field::entry::kKey, key);
  const auto at = file.rfind(mark);
  if (at == std::string_view::npos) return {};
  const auto field = wire::Cursor(file, at + mark.size(), file.size()).next();
  if (!field || !field->is(onnx_field::entry::kValue, wire::Type::kBytes)) return {true, {}};
  return {true, file.substr(field->begin, field->size())};
}

}  // namespace

ManifestKeys ManifestKeys::derive(const KeySchedule& schedule) {
  return {{schedule.subkey("manifest seal"), schedule.subkey("manifest nonce")},
          schedule.subkey("digest original"),
          schedule.subkey("digest encrypted")};
}

void record_original(SealedPlan& sealed, const std::vector<FileTags>& original,
                     const ManifestKeys& keys) {
  sealed.original = digest_files(original, keys.original);
  sealed.original_sizes.clear();
  for (const FileTags& file : original) sealed.original_sizes.push_back(file.size);
}

std::string unsigned_manifest(const OpenManifest& open, const SealedPlan& sealed,
                              const ManifestKeys& keys) {
  const std::string open_part = open_text(open);
  std::string bytes;
  append_entry(bytes, kOpen, open_part);
  append_entry(bytes, kPlan,
               hex_encode(seal_bytes(deflate_bytes(to_json(sealed)), open_part, keys.seal)));
  append_entry(bytes, kMac, std::string(kMacText, '0'));
  return bytes;
}

std::string make_manifest(const OpenManifest& open, const SealedPlan& sealed,
                          const ManifestKeys& keys, CopyResult& copied) {
  std::string bytes = unsigned_manifest(open, sealed, keys);
  append_tags(copied.outputs[0], copied.partial, bytes, keys.mac, 0);
  const std::string mac = hex(digest_files(copied.outputs, keys.mac));
  bytes.replace(bytes.size() - kMacText, kMacText, mac);
  return bytes;
}

bool has_manifest(const Model& model) {
  for (const auto& entry : model.structure.metadata_props()) {
    if (entry.key().starts_with(kPrefix)) return true;
  }
  return false;
}

Result<Manifest> read_manifest(const Model& model) {
  if (!has_manifest(model)) {
    return fail(ErrorKind::kState, "the model is not encrypted: it has no permcrypt entries",
                "encrypt it first with permcrypt encrypt");
  }
  auto manifest =
      parse_entries(entry_value(model, kOpen), entry_value(model, kPlan), entry_value(model, kMac));
  if (manifest && manifest->open.format > kFormatVersion) {
    return too_new(manifest->open.format);
  }
  return manifest;
}

std::optional<Result<Manifest>> find_manifest(std::string_view file) {
  const Trace open = find_entry(file, kOpen), plan = find_entry(file, kPlan),
              mac = find_entry(file, kMac);
  if (!open.there && !plan.there && !mac.there) return std::nullopt;
  return parse_entries(open.value, plan.value, mac.value);
}

Result<void> check_key_id(const OpenManifest& open, std::string_view key_id) {
  if (open.key_id == key_id) return {};
  return fail(ErrorKind::kKey, "the model was encrypted under another key",
              "it needs the key " + open.key_id + ", this one is " + std::string(key_id));
}

Result<SealedPlan> unseal(const Manifest& manifest, const ManifestKeys& keys) {
  const auto plain = unseal_bytes(manifest.sealed, open_text(manifest.open), keys.seal);
  if (!plain) return damaged("its seal is broken");
  const auto json = inflate_bytes(*plain, kMostPlanBytes);
  if (!json) return damaged("its plan cannot be unpacked");
  return parse_sealed_plan(*json);
}

Result<void> check_mac(const Manifest& manifest, const std::vector<FileTags>& files,
                       const ManifestKeys& keys) {
  const std::string mac = hex(digest_files(files, keys.mac));
  if (mac.size() == manifest.mac.size() &&
      sodium_memcmp(mac.data(), manifest.mac.data(), mac.size()) == 0) {
    return {};
  }
  return fail(ErrorKind::kResult, "the model or one of its data files was changed",
              "use an intact copy; if training or re-saving changed it, say --changed-weights");
}

}  // namespace permcrypt
