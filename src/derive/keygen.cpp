#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "derive/guarded.h"
#include "derive/key_text.h"
#include "derive/passphrase.h"
#include "derive/sealed_key.h"
#include "permcrypt/key.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "2026-11-23T10:00:00Z" + 8];  // years may grow
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

tl::unexpected<Error> cannot_write(const fs::path& path, int error) {
  return fail(ErrorKind::kOutput,
              "cannot write key file " + path.string() + ": " + std::strerror(error));
}

tl::unexpected<Error> already_exists(const fs::path& path) {
  return fail(ErrorKind::kOutput, "key file " + path.string() + " exists",
              "a key is never replaced: move it away, or choose another file with -o");
}

// Zero, or the errno of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Folders for keys are their owner's alone, whatever the umask.
int create_private_folders(const fs::path& folder) {
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return 0;
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    if (const int error = create_private_folders(folder.parent_path())) return error;
  }
  return mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
}

void sync_folder(const fs::path& folder) {
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);  // some file systems cannot; the key file itself is safe already
  close(fd);
}

Result<void> write_new_file(const fs::path& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno == EEXIST ? already_exists(path) : cannot_write(path, errno);
  int error = fchmod(fd, 0600) == 0 ? 0 : errno;  // an odd umask may have taken the owner's rights
  if (error == 0) error = write_all(fd, text);
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  if (error != 0) {
    unlink(path.c_str());
    return cannot_write(path, error);
  }
  sync_folder(path.parent_path());
  return {};
}

Result<std::string> key_line(const SecretKey& key, const KeygenOptions& options) {
  if (!options.passphrase) return key.to_text();
  const Result<GuardedBuffer> passphrase = read_passphrase(options.passphrase_fd, Prompt::kSeal);
  if (!passphrase) return tl::unexpected(passphrase.error());
  return seal_key(key, passphrase->view());
}

// Where the key goes; nothing for standard output. Looks whether it exists before anybody is asked
// for a passphrase.
Result<std::optional<fs::path>> destination(const KeygenOptions& options) {
  if (options.out && *options.out == "-") return std::nullopt;
  Result<fs::path> path = options.out ? *options.out : default_key_path();
  if (!path) return tl::unexpected(path.error());
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(*path, ignored))) return already_exists(*path);
  if (!options.out) {
    if (const int error = create_private_folders(path->parent_path())) {
      return cannot_write(*path, error);
    }
  }
  return std::move(*path);
}

}  // namespace

Result<std::string> keygen(const KeygenOptions& options) {
  const Result<std::optional<fs::path>> path = destination(options);
  if (!path) return tl::unexpected(path.error());

  const SecretKey key = SecretKey::generate();
  std::string id = key.id();
  Result<std::string> line = key_line(key, options);
  if (!line) return tl::unexpected(line.error());
  const WipeOnExit wipe_line(*line);
  std::string text = format_key_text(utc_now(), id, *line);
  const WipeOnExit wipe_text(text);

  if (*path) {
    if (const Result<void> written = write_new_file(**path, text); !written) {
      return tl::unexpected(written.error());
    }
  } else if (const int error = write_all(STDOUT_FILENO, text)) {
    return fail(ErrorKind::kOutput,
                "cannot write to standard output: " + std::string(std::strerror(error)));
  }
  return id;
}

}  // namespace permcrypt
