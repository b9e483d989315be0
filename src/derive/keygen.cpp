#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/output_file.h"
#include "base/quote.h"
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

tl::unexpected<Error> already_exists(const fs::path& path) {
  return fail(ErrorKind::kOutput, "key file " + in_quotes(path.native()) + " exists",
              "a key is never replaced: move it away, or choose another file with -o");
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

Result<void> write_file(const fs::path& path, std::string_view text) {
  OutputSet outputs;
  const Result<std::size_t> file = outputs.add(path, {IfExists::kRefuse, 0600});
  if (!file) return fail(file.error());
  if (Result<void> written = outputs.write(*file, 0, text); !written) return written;
  return outputs.commit();
}

Result<void> write_standard_output(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return fail(ErrorKind::kOutput,
                  "cannot write to standard output: " + std::string(std::strerror(errno)),
                  "name a file with -o");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> key_line(const SecretKey& key, const KeygenOptions& options) {
  if (!options.passphrase) return key.to_text();
  const Result<GuardedBuffer> passphrase = read_passphrase(options.passphrase_fd, Prompt::kSeal);
  if (!passphrase) return fail(passphrase.error());
  return seal_key(key, passphrase->view());
}

// Where the key goes; nothing for standard output. Looks whether it exists before anybody is asked
// for a passphrase.
Result<std::optional<fs::path>> destination(const KeygenOptions& options) {
  if (options.out && *options.out == "-") return std::nullopt;
  Result<fs::path> path = options.out ? *options.out : default_key_path();
  if (!path) return fail(path.error());
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(*path, ignored))) return already_exists(*path);
  if (!options.out) {
    if (const int error = create_private_folders(path->parent_path())) {
      return fail(output_error(error, *path));
    }
  }
  return std::move(*path);
}

}  // namespace

Result<std::string> keygen(const KeygenOptions& options) {
  const Result<std::optional<fs::path>> path = destination(options);
  if (!path) return fail(path.error());

  const SecretKey key = SecretKey::generate();
  std::string id = key.id();
  Result<std::string> line = key_line(key, options);
  if (!line) return fail(line.error());
  const WipeOnExit wipe_line(*line);
  std::string text = format_key_text(utc_now(), id, *line);
  const WipeOnExit wipe_text(text);

  const Result<void> written = *path ? write_file(**path, text) : write_standard_output(text);
  if (!written) return fail(written.error());
  return id;
}

}  // namespace permcrypt
