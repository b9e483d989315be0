#include "base/writable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"

namespace permcrypt {

Result<WritableFile> WritableFile::open(const std::filesystem::path& path) {
  return open_with(path, 0);
}

Result<WritableFile> WritableFile::open_or_create(const std::filesystem::path& path) {
  return open_with(path, O_CREAT);
}

Result<WritableFile> WritableFile::open_with(const std::filesystem::path& path, int flags) {
  WritableFile file(path);
  file.descriptor_ =
      ::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  struct stat status;
  if (file.descriptor_ < 0 || ::fstat(file.descriptor_, &status) != 0) {
    return fail(output_error(errno, path));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kOutput, in_quotes(path.native()) + " is not a file");
  }
  return file;
}

WritableFile::WritableFile(WritableFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

WritableFile& WritableFile::operator=(WritableFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

WritableFile::~WritableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t WritableFile::size() const {
  struct stat status;
  return ::fstat(descriptor_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t WritableFile::links() const {
  struct stat status;
  return ::fstat(descriptor_, &status) == 0 ? status.st_nlink : 0;
}

Result<void> WritableFile::resize(std::uint64_t size) {
  const auto length = static_cast<off_t>(size);
  if (length < 0) return fail(output_error(EFBIG, path_));
  if (::ftruncate(descriptor_, length) != 0) return fail(output_error(errno, path_));
  return {};
}

Result<void> WritableFile::write(std::uint64_t offset, std::string_view bytes) {
  return write_at(descriptor_, path_, offset, bytes);
}

Result<std::string> WritableFile::read(std::uint64_t offset, std::uint64_t length) const {
  const std::uint64_t end = size();
  std::string bytes(offset < end ? std::min(length, end - offset) : 0, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(output_error(errno, path_));
    if (got == 0) bytes.resize(done);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<void> WritableFile::sync() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL) return fail(output_error(errno, path_));
  return {};
}

bool WritableFile::try_lock() { return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

Result<void> write_at(int descriptor, const std::filesystem::path& path, std::uint64_t offset,
                      std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(output_error(errno, path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

}  // namespace permcrypt
