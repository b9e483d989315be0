// A file's bytes, mapped read-only into memory for as long as the object lives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "permcrypt/status.h"

namespace permcrypt {

class MappedFile {
 public:
  // Maps a regular file; symbolic links are followed, and an empty file is fine. Errors (kInput):
  // it does not exist, is a folder or another kind of thing, or cannot be read.
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // All bytes. Touching them is fatal if the file was truncated since: prefer range() on files that
  // stay open for long.
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

  // The bytes [offset, offset + length). Errors (kInput): past the end of the file, as it was when
  // opened or as it is now.
  Result<std::string_view> range(std::uint64_t offset, std::uint64_t length) const;

  // Copies the bytes [offset, offset + out.size()) without mapping them. Errors (kInput): past the
  // end of the file, or the disk fails.
  Result<void> read(std::uint64_t offset, std::span<char> out) const;

  // Gives the memory of all pages back to the system; they are read again when touched again. May
  // be called while other threads read.
  void drop_pages() const;

  // Both are the same file on disk, under whatever names.
  bool same_file(const MappedFile& other) const;

 private:
  MappedFile() = default;
  void release();
  tl::unexpected<Error> too_short() const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace permcrypt
