// Files in chunks of kChunkBytes, the unit of work and of digests.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/mapped_file.h"
#include "base/parallel.h"
#include "permcrypt/apply.h"

namespace permcrypt {

inline std::uint64_t chunk_count(std::uint64_t size) {
  return size / kChunkBytes + (size % kChunkBytes != 0);
}

// How many bytes may be read before their pages are dropped. Reading a short row maps the pages
// around it as well, so that a multiple of what was read becomes resident.
inline std::uint64_t page_limit(std::uint64_t memory, unsigned threads) {
  const std::uint64_t buffers = thread_count(threads) * kChunkBytes;
  return memory > buffers + 4 * kChunkBytes ? (memory - buffers) / 4 : kChunkBytes;
}

// Keeps the pages that were read from mapped files from piling up in memory.
class PageBudget {
 public:
  // REQUIRES: limit > 0.
  explicit PageBudget(std::uint64_t limit) : limit_(limit) {}
  // Says that `bytes` of `file` were read; drops its pages each time the limit is used up.
  void spend(const MappedFile& file, std::uint64_t bytes) {
    const std::uint64_t before = spent_.fetch_add(bytes, std::memory_order_relaxed);
    if (before / limit_ != (before + bytes) / limit_) file.drop_pages();
  }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> spent_ = 0;
};

// The tag of chunk `chunk` of a whole file's bytes; `ends_in_mac`: the last kMacText are hashed as
// zeros.
ChunkTag tag_input_chunk(std::string_view file, const DigestKey& key, std::uint64_t file_index,
                         std::uint64_t chunk, bool ends_in_mac);

}  // namespace permcrypt
