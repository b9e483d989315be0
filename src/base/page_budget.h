// Keeps the pages that were read from mapped files from piling up in memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/mapped_file.h"

namespace permcrypt {

class PageBudget {
 public:
  // REQUIRES: limit > 0.
  explicit PageBudget(std::uint64_t limit) : limit_(limit) {}
  // Says that `bytes` of these files were read; drops the pages of all of them each time the limit is
  // used up.
  void spend(std::span<const MappedFile> files, std::uint64_t bytes) {
    if (!use(bytes)) return;
    for (const MappedFile& file : files) file.drop_pages();
  }
  void spend(const MappedFile& file, std::uint64_t bytes) { spend({&file, 1}, bytes); }

  // Whether that used the limit up.
  bool use(std::uint64_t bytes) {
    const std::uint64_t before = spent_.fetch_add(bytes, std::memory_order_relaxed);
    return before / limit_ != (before + bytes) / limit_;
  }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> spent_ = 0;
};

}  // namespace permcrypt
