// A file that is written where it lies, by one process after another: what OutputSet is not for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "permcrypt/status.h"

namespace permcrypt {

class WritableFile {
 public:
  // Errors (kOutput): `path` is no regular file, or not to be written; it is a symbolic link.
  static Result<WritableFile> open(const std::filesystem::path& path);
  // The same; an empty file is made where there is none.
  static Result<WritableFile> open_or_create(const std::filesystem::path& path);

  WritableFile(WritableFile&& other) noexcept;
  WritableFile& operator=(WritableFile&& other) noexcept;
  ~WritableFile();

  std::uint64_t size() const;
  // How many names the file has.
  std::uint64_t links() const;
  Result<void> resize(std::uint64_t size);
  // May be called from many threads at once.
  Result<void> write(std::uint64_t offset, std::string_view bytes);
  // At most `length` bytes: fewer at the end of the file.
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const;
  // Forces what was written to disk.
  Result<void> sync();
  // Whether no other process has locked the file; then it is locked until this object ends.
  bool try_lock();

 private:
  explicit WritableFile(std::filesystem::path path) : path_(std::move(path)) {}
  static Result<WritableFile> open_with(const std::filesystem::path& path, int flags);

  std::filesystem::path path_;
  int descriptor_ = -1;
};

// Writes all of `bytes` to the descriptor of the output `path`.
Result<void> write_at(int descriptor, const std::filesystem::path& path, std::uint64_t offset,
                      std::string_view bytes);

}  // namespace permcrypt
