#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/quote.h"
#include "derive/guarded.h"
#include "derive/key_text.h"
#include "derive/passphrase.h"
#include "derive/sealed_key.h"
#include "permcrypt/key.h"

namespace permcrypt {
namespace {

constexpr std::size_t kMaxTextSize = 64 << 10;
constexpr const char* kTryCommand = "run it by itself to see what it says";

// The value of a variable; nothing when it is unset or empty.
std::optional<std::string_view> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Error named(std::string_view source, Error error) {
  error.message = std::string(source) + ": " + error.message;
  return error;
}

tl::unexpected<Error> unreadable(int code) {
  return fail(ErrorKind::kKey, std::strerror(code), "name a key file that you can read");
}

Result<GuardedBuffer> read_text(int fd) {
  GuardedBuffer text(kMaxTextSize);
  while (text.size() < text.capacity()) {
    const ssize_t got = read(fd, text.data() + text.size(), text.capacity() - text.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(errno);
    text.resize(text.size() + static_cast<std::size_t>(got));
  }
  return fail(ErrorKind::kKey, "too long for a key", "name the file that keygen wrote");
}

Result<SecretKey> open_text(std::string_view text, std::optional<int> passphrase_fd) {
  const Result<KeyText> parts = split_key_text(text);
  if (!parts) return fail(parts.error());
  if (!parts->sealed) return SecretKey::parse(text);
  const Result<GuardedBuffer> passphrase = read_passphrase(passphrase_fd, Prompt::kOpen);
  if (!passphrase) return fail(passphrase.error());
  return open_sealed_key(parts->line, passphrase->view());
}

Result<SecretKey> from_file(const std::filesystem::path& path, std::optional<int> passphrase_fd) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(errno);
  const Result<GuardedBuffer> text = read_text(fd);
  close(fd);
  if (!text) return fail(text.error());
  return open_text(text->view(), passphrase_fd);
}

// The command's own messages go to standard error. The command is not quoted in errors: it may
// well hold a secret.
Result<SecretKey> from_command(std::string_view command, std::optional<int> passphrase_fd) {
  std::FILE* pipe = popen(std::string(command).c_str(), "re");
  if (pipe == nullptr) return unreadable(errno);
  const Result<GuardedBuffer> text = read_text(fileno(pipe));  // past the buffer of stdio
  const int status = pclose(pipe);
  if (!text) return fail(text.error());
  if (!WIFEXITED(status)) return fail(ErrorKind::kKey, "the command was killed", kTryCommand);
  if (WEXITSTATUS(status) != 0) {
    return fail(ErrorKind::kKey,
                "the command failed with exit code " + std::to_string(WEXITSTATUS(status)),
                kTryCommand);
  }
  return open_text(text->view(), passphrase_fd);
}

Result<SecretKey> from_named_file(std::string_view source, const std::filesystem::path& path,
                                  std::optional<int> passphrase_fd) {
  const std::string name = path.string();
  if (name.find(kSecretPrefix) != std::string::npos) {
    return fail(ErrorKind::kKey, std::string(source) + ": holds a key where a file name belongs",
                "that key may now be in logs and histories: make a new one, and pass its file");
  }
  return from_file(path, passphrase_fd).map_error([&](Error error) {
    return named("key file " + in_quotes(name), std::move(error));
  });
}

Result<SecretKey> from_default_file(std::optional<int> passphrase_fd) {
  const Result<std::filesystem::path> path = default_key_path();
  std::error_code ignored;
  if (!path || !std::filesystem::exists(*path, ignored)) {
    return fail(ErrorKind::kKey, "no key found",
                "run `permcrypt keygen` to make one, or name one with -k FILE");
  }
  return from_named_file("default", *path, passphrase_fd);
}

}  // namespace

Result<std::filesystem::path> default_key_path() {
  const std::filesystem::path config(variable("XDG_CONFIG_HOME").value_or(""));
  if (config.is_absolute()) return config / "permcrypt" / "key";  // its specification says so
  std::filesystem::path home(variable("HOME").value_or(""));
  if (home.empty()) {
    const passwd* user = getpwuid(getuid());
    if (user == nullptr || user->pw_dir == nullptr) {
      return fail(ErrorKind::kKey, "there is no home folder for the default key file",
                  "name a key file, or set XDG_CONFIG_HOME");
    }
    home = user->pw_dir;
  }
  return home / ".config" / "permcrypt" / "key";
}

Result<SecretKey> find_key(const KeyOptions& options) {
  const std::optional<int> passphrase_fd = options.passphrase_fd;
  if (options.file) return from_named_file("-k", *options.file, passphrase_fd);
  if (const auto file = variable("PERMCRYPT_KEY_FILE")) {
    return from_named_file("PERMCRYPT_KEY_FILE", *file, passphrase_fd);
  }
  if (const auto text = variable("PERMCRYPT_KEY")) {
    return open_text(*text, passphrase_fd).map_error([](Error error) {
      return named("PERMCRYPT_KEY", std::move(error));
    });
  }
  if (const auto command = variable("PERMCRYPT_KEY_CMD")) {
    return from_command(*command, passphrase_fd).map_error([](Error error) {
      return named("PERMCRYPT_KEY_CMD", std::move(error));
    });
  }
  return from_default_file(passphrase_fd);
}

}  // namespace permcrypt
