#include "permcrypt/digest.h"

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/hex.h"
#include "base/mapped_file.h"
#include "base/quote.h"
#include "permcrypt/model.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";
constexpr const char* kPredicateType = "urn:permcrypt:release:1";
constexpr std::uint64_t kBlock = 4 << 20;
constexpr std::size_t kHexDigits = 2 * crypto_hash_sha256_BYTES;

Result<std::string> sha256_of(const fs::path& path) {
  const auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (std::uint64_t at = 0; at < file->size(); at += kBlock) {
    const auto block = file->range(at, std::min(kBlock, file->size() - at));
    if (!block) return fail(block.error());
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(block->data()),
                              block->size());
    file->drop_pages();
  }
  std::string digest(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state, reinterpret_cast<unsigned char*>(digest.data()));
  return hex_encode(digest);
}

bool is_sha256(std::string_view text) {
  const auto bytes = hex_decode(text);
  return text.size() == kHexDigits && bytes.has_value();
}

std::optional<std::vector<FileDigest>> from_statement(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("subject") || !json["subject"].is_array()) {
    return std::nullopt;
  }
  std::vector<FileDigest> files;
  for (const Json& subject : json["subject"]) {
    const auto digest = subject.value(Json::json_pointer("/digest/sha256"), std::string());
    files.push_back({subject.value("name", std::string()), digest});
    if (!is_sha256(digest)) return std::nullopt;
  }
  return files;
}

// GNU's form: the digest, a space, a space or (binary mode) an asterisk, the name.
std::optional<std::vector<FileDigest>> from_lines(std::string_view text) {
  std::vector<FileDigest> files;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (line.size() < kHexDigits + 3 || !is_sha256(line.substr(0, kHexDigits))) return std::nullopt;
    files.push_back(
        {std::string(line.substr(kHexDigits + 2)), std::string(line.substr(0, kHexDigits))});
  }
  return files;
}

}  // namespace

Result<std::vector<FileDigest>> digest_release(const fs::path& path) {
  const auto model = read_model(path);
  if (!model) return fail(model.error());
  const fs::path folder = model->files[0].path.parent_path();
  std::vector<FileDigest> files;
  for (const ModelFile& file : model->files) {
    auto digest = sha256_of(file.path);
    if (!digest) return fail(digest.error());
    files.push_back({file.path.lexically_relative(folder).native(), *std::move(digest)});
    if (folder.empty()) files.back().name = file.path.native();
  }
  return files;
}

std::string digest_lines(const std::vector<FileDigest>& files) {
  std::string lines;
  for (const FileDigest& file : files) lines += file.sha256 + "  " + file.name + "\n";
  return lines;
}

std::string digest_statement(const std::vector<FileDigest>& files) {
  Json subjects = Json::array();
  for (const FileDigest& file : files) {
    subjects.push_back({{"name", file.name}, {"digest", {{"sha256", file.sha256}}}});
  }
  const Json statement = {{"_type", kStatementType},
                          {"subject", subjects},
                          {"predicateType", kPredicateType},
                          {"predicate", Json::object()}};
  return statement.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<FileDigest>> parse_digests(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const bool is_json = start != std::string_view::npos && text[start] == '{';
  auto files = is_json ? from_statement(text) : from_lines(text);
  if (files && !files->empty()) return *std::move(files);
  return fail(ErrorKind::kInput, "this is no list of digests",
              "give what permcrypt digest or sha256sum printed");
}

}  // namespace permcrypt
