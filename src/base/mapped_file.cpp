#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

tl::unexpected<Error> unreadable(const std::filesystem::path& path, int code) {
  std::string hint = code == ENOENT ? "check the path" : "check the file's permissions";
  return fail(ErrorKind::kInput,
              "cannot read " + in_quotes(path.native()) + ": " + std::strerror(code),
              std::move(hint));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  MappedFile file;
  file.path_ = path;
  // Without O_NONBLOCK a named pipe would wait for a writer.
  file.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (file.descriptor_ < 0 || ::fstat(file.descriptor_, &status) != 0) {
    return unreadable(path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kInput, in_quotes(path.native()) + " is not a file",
                "a file that can be mapped is needed, not a folder, pipe or device");
  }
  file.size_ = static_cast<std::size_t>(status.st_size);
  if (file.size_ == 0) return file;
  void* data = ::mmap(nullptr, file.size_, PROT_READ, MAP_SHARED, file.descriptor_, 0);
  if (data == MAP_FAILED) return unreadable(path, errno);
  file.data_ = data;
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

MappedFile::~MappedFile() { release(); }

void MappedFile::release() {
  if (data_ != nullptr) ::munmap(const_cast<void*>(data_), size_);
  if (descriptor_ >= 0) ::close(descriptor_);
  data_ = nullptr;
  descriptor_ = -1;
}

tl::unexpected<Error> MappedFile::too_short() const {
  return fail(ErrorKind::kInput, in_quotes(path_.native()) + " is shorter than it should be",
              "was it changed in the meantime? try again");
}

Result<std::string_view> MappedFile::range(std::uint64_t offset, std::uint64_t length) const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return unreadable(path_, errno);
  const auto now = static_cast<std::uint64_t>(status.st_size);
  if (offset > size_ || length > size_ - offset || now < offset + length) {
    return too_short();
  }
  return bytes().substr(offset, length);
}

Result<void> MappedFile::read(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path_, errno);
    if (got == 0) return too_short();
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

void MappedFile::drop_pages() const {
  if (data_ != nullptr) ::madvise(const_cast<void*>(data_), size_, MADV_DONTNEED);
}

bool MappedFile::same_file(const MappedFile& other) const {
  struct stat a, b;
  return ::fstat(descriptor_, &a) == 0 && ::fstat(other.descriptor_, &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace permcrypt
