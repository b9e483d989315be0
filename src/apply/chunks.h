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

// Bytes of input that may be mapped, so that a copy keeps to `memory`: the rest is left for the
// heap, and for what two looks at the budget are apart.
inline std::uint64_t page_limit(std::uint64_t memory, unsigned threads) {
  const std::uint64_t buffers = thread_count(threads) * kChunkBytes;
  return memory > buffers + 4 * kChunkBytes ? (memory - buffers) / 8 * 5 : kChunkBytes;
}

// The tag of chunk `chunk`, `bytes`, of a file of `size` bytes; `ends_in_mac`: the last kMacText of
// the file are hashed as zeros.
ChunkTag tag_input_chunk(std::string_view bytes, std::uint64_t size, const DigestKey& key,
                         std::uint64_t file, std::uint64_t chunk, bool ends_in_mac);

}  // namespace permcrypt
