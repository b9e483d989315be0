#include "derive/key_text.h"

#include <cstddef>

namespace permcrypt {
namespace {

constexpr std::string_view kCreatedComment = "# created: ";
constexpr std::string_view kIdComment = "# key id: ";

std::string_view trim(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

Result<KeyText> split_key_text(std::string_view text) {
  KeyText result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      if (line.starts_with(kIdComment)) result.id = line.substr(kIdComment.size());
      if (line.starts_with(kCreatedComment)) result.created = line.substr(kCreatedComment.size());
      continue;
    }
    const bool sealed = line.starts_with(kSealedPrefix);
    if (!sealed && !line.starts_with(kSecretPrefix)) {
      return fail(ErrorKind::kKey, "not a permcrypt key",
                  "a key is a line that starts with " + std::string(kSecretPrefix));
    }
    if (!result.line.empty()) {
      return fail(ErrorKind::kKey, "there is more than one key", "leave one key line");
    }
    result.line = line;
    result.sealed = sealed;
  }
  if (result.line.empty()) {
    return fail(ErrorKind::kKey, "there is no key in it",
                "a key is a line that starts with " + std::string(kSecretPrefix));
  }
  return result;
}

std::string format_key_text(std::string_view created, std::string_view id, std::string_view line) {
  std::string text;
  text.reserve(kCreatedComment.size() + created.size() + kIdComment.size() + id.size() +
               line.size() + 3);  // at once: no copy of the secret in freed memory
  text.append(kCreatedComment).append(created).push_back('\n');
  text.append(kIdComment).append(id).push_back('\n');
  text.append(line).push_back('\n');
  return text;
}

tl::unexpected<Error> damaged_key() {
  return fail(ErrorKind::kKey, "the key is damaged",
              "its checksum does not match: restore the key from a backup");
}

}  // namespace permcrypt
