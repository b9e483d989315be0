// Moves bytes: an output file is its input, copied, with edits and permuted payloads. Encrypting and
// decrypting are the same copy with different edits and permutations.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

// One payload to permute, in coordinates of the input file.
struct PayloadMove {
  std::uint64_t offset = 0, length = 0;
  ElementView view;
  std::vector<Permutation> axes;   // one per extent; empty permutation: the axis stays
  Permutation values;              // elements are rewritten: v -> values[v]; empty: they stay
};

// Poly1305 tags of all 1 MiB chunks of one file under one-time keys from a ChaCha20 stream, in chunk
// order; the caller puts them into one keyed BLAKE2b (docs/format.md, "Digests").
struct ChunkTags {
  std::vector<std::array<std::uint8_t, 16>> tags;
  std::uint64_t size = 0;
};

// One file of a copy. Edits and moves are sorted by offset and do not overlap.
struct FileCopy {
  std::filesystem::path input;
  std::filesystem::path output;
  std::vector<Edit> edits;           // Edit::file is ignored
  std::vector<PayloadMove> moves;
  std::uint64_t file_index = 0;      // selects the ChaCha20 stream
};

struct CopyOptions {
  unsigned threads = 0;                          // 0: all cores
  std::array<std::uint8_t, 32> input_key{};      // chunk keys for the tags of the input
  std::array<std::uint8_t, 32> output_key{};     // and of the output
  std::uint64_t buffer_bytes = 256ull << 20;
};

struct CopyResult {
  ChunkTags input, output;
};

}  // namespace permcrypt
