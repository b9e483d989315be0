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
    if (!subject.is_object() || !subject.contains("name") || !subject["name"].is_string()) {
      return std::nullopt;
    }
    const Json::json_pointer place("/digest/sha256");
    if (!subject.contains(place) || !subject[place].is_string()) return std::nullopt;
    files.push_back({subject["name"].get<std::string>(), subject[place].get<std::string>()});
    if (!is_sha256(files.back().sha256)) return std::nullopt;
  }
  return files;
}

// A name that would not fit in its line is escaped, and a backslash in front of the line says so.
std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    out += next == 'n' ? '\n' : next == 'r' ? '\r' : next;
  }
  return out;
}

// GNU's form: the digest, a space, a space or (binary mode) an asterisk, the name.
std::optional<std::vector<FileDigest>> from_lines(std::string_view text) {
  std::vector<FileDigest> files;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const bool has_escapes = line.front() == '\\';
    if (has_escapes) line.remove_prefix(1);
    if (line.size() < kHexDigits + 3 || !is_sha256(line.substr(0, kHexDigits))) return std::nullopt;
    const std::string_view name = line.substr(kHexDigits + 2);
    files.push_back({has_escapes ? unescaped(name) : std::string(name),
                     std::string(line.substr(0, kHexDigits))});
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
  for (const FileDigest& file : files) {
    const std::string name = escaped(file.name);
    lines += (name == file.name ? "" : "\\") + file.sha256 + "  " + name + "\n";
  }
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
                          {"predicate", {{"files", files.size()}}}};  // tools refuse an empty one
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
