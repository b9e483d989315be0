// Files in chunks of kChunkBytes, the unit of work and of digests.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/page_budget.h"
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

// The tag of chunk `chunk` of a whole file's bytes; `ends_in_mac`: the last kMacText are hashed as
// zeros.
ChunkTag tag_input_chunk(std::string_view file, const DigestKey& key, std::uint64_t file_index,
                         std::uint64_t chunk, bool ends_in_mac);

}  // namespace permcrypt
