// Keeps the pages that were read from mapped files from piling up in memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

#include "base/mapped_file.h"

namespace permcrypt {

// Bytes of files that are mapped and in the memory of this process, as the system counts them;
// nothing where it does not tell.
std::optional<std::uint64_t> mapped_bytes();

// Enough for a pass over a model of any size.
inline constexpr std::uint64_t kMostMapped = 160 << 20;
// The rest of what a process has in memory beside that; the more it has, the less is mapped, down
// to the least that is of use.
inline constexpr std::uint64_t kUsualHeap = 64 << 20, kLeastMapped = 32 << 20;
// How many bytes are read between two looks at what is mapped.
inline constexpr std::uint64_t kBytesPerLook = 1 << 20;
// Whoever looks at a few bytes somewhere has the pages around mapped as well.
inline constexpr std::uint64_t kBytesOfALook = 64 << 10;

// How much of `limit` is left beside that much else.
std::uint64_t beside_heap(std::uint64_t limit, std::uint64_t heap);

class PageBudget {
 public:
  // At most `limit` bytes, about, more than are mapped now, which is known or not; fewer where the
  // process has very much else in memory. REQUIRES: limit > 0.
  explicit PageBudget(std::uint64_t limit = kMostMapped,
                      std::optional<std::uint64_t> mapped_now = mapped_bytes())
      : limit_(limit), mapped_before_(mapped_now), last_(mapped_now.value_or(0)) {}

  // Says that `bytes` of these files were read; drops the pages of all of them when too many are in
  // memory.
  void spend(std::span<const MappedFile> files, std::uint64_t bytes) { spend({files}, bytes); }
  void spend(std::initializer_list<std::span<const MappedFile>> lists, std::uint64_t bytes) {
    if (!use(bytes)) return;
    for (const auto& files : lists) {
      for (const MappedFile& file : files) file.drop_pages();
    }
  }
  void spend(const MappedFile& file, std::uint64_t bytes) { spend(std::span(&file, 1), bytes); }

  // Whether pages are to be dropped now, after `bytes` more were read.
  bool use(std::uint64_t bytes);

 private:
  // Where the system does not tell: this many times what was read, at most, is taken to be mapped.
  static constexpr std::uint64_t kPagesPerRow = 4;

  const std::uint64_t limit_;
  const std::optional<std::uint64_t> mapped_before_;
  std::atomic<std::uint64_t> spent_ = 0;
  std::atomic<std::uint64_t> last_;      // what was mapped when last looked at
  std::atomic<std::uint64_t> step_ = 0;  // the most that was mapped from one look to the next
};

}  // namespace permcrypt
