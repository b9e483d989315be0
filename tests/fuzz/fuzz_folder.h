// Files that fuzz targets write and read: in a folder in memory, where there is one.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt::fuzz {

inline const std::filesystem::path& folder() {
  namespace fs = std::filesystem;
  static const fs::path path = [] {
    const fs::path shared = "/dev/shm";
    std::string name =
        ((fs::exists(shared) ? shared : fs::temp_directory_path()) / "permcrypt-XXXXXX").native();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    static const std::string removed = name;
    std::atexit([] { fs::remove_all(removed); });
    return fs::path(name);
  }();
  return path;
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline SecretKey secret_key() { return SecretKey::from_bytes(std::string(SecretKey::kSize, 'f')); }

inline const KeyOptions& key() {
  static const KeyOptions options = [] {
    write_file(folder() / "key", secret_key().to_text());
    return KeyOptions{.file = folder() / "key", .passphrase_fd = {}};
  }();
  return options;
}

// Nothing that a file holds is a defect of permcrypt's own.
template <class T>
bool worked(const Result<T>& result) {
  if (!result && result.error().kind == ErrorKind::kDefect) std::abort();
  return result.has_value();
}

}  // namespace permcrypt::fuzz
