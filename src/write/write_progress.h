// Counts what threads have written, for a Progress.
#pragma once

#include <atomic>
#include <cstdint>
#include <numeric>
#include <span>

#include "permcrypt/progress.h"

namespace permcrypt {

class WriteProgress {
 public:
  // `sizes`: of all files. Keeps a reference to `progress`.
  WriteProgress(const Progress& progress, std::span<const std::uint64_t> sizes)
      : progress_(progress),
        total_(std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0})) {}

  void add(std::uint64_t bytes) {
    const std::uint64_t done = done_ += bytes;
    if (progress_) progress_(done, total_);
  }

 private:
  const Progress& progress_;
  std::uint64_t total_;
  std::atomic<std::uint64_t> done_ = 0;
};

}  // namespace permcrypt
