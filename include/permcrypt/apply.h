// Moves bytes: an output file is its input, copied, with edits and permuted payloads. Encrypting
// and decrypting are the same copy with inverse edits and inverse permutations.
//
//   CopyJob job = encryption_job(plan, derive_permutations(schedule, plan), inputs);
//   auto copied = copy_files(job, options, [&](file, offset, bytes) { ... });
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Of a payload that is a part of a sparse tensor: its order follows from the indices.
struct SparseMove {
  bool of_indices = false;  // the payload is the indices, and not the values
  std::uint64_t entries = 0;
  bool coordinates = false;              // see PlanSparse
  Encoding encoding = Encoding::kFixed;  // of the indices
  // Where they lie in the input of CopyJob::files[file].
  std::uint32_t file = 0;
  std::uint64_t offset = 0, length = 0;
  // They are there as the job leaves them already: in place, they were moved first.
  bool moved = false;
};

// One payload to permute, in coordinates of the input file. Permutations are named by their index
// in CopyJob::permutations: thousands of tensors share a few.
struct PayloadMove {
  std::string name;  // of the tensor, for errors
  std::uint64_t offset = 0, length = 0;
  ElementView view;
  std::vector<std::uint32_t> axes;  // one per extent; kNone: the axis stays
  // Elements are indices and are rewritten: v -> values[v] for v >= 0, and v -> values[v + n] - n
  // for v < 0, which counts from the end. The sign stays, so the rewriting can be undone.
  std::uint32_t values = kNone;
  // The view and the axes are those of the whole tensor.
  std::optional<SparseMove> sparse = std::nullopt;
};

// Chunks [begin, end) of a file.
struct ChunkRange {
  std::uint64_t begin = 0, end = UINT64_MAX;
};

// One file of a copy. Edits and moves are sorted by offset and do not overlap.
struct FileCopy {
  std::filesystem::path input;
  std::vector<Edit> edits;  // Edit::file is ignored
  std::vector<PayloadMove> moves;
  // Bytes at the end of the input that are hashed and not copied: the manifest of an encrypted
  // model. Unless there are none, the last kMacText of them, the MAC, are hashed as if they were
  // all '0'.
  std::uint64_t manifest_bytes = 0;
  ChunkRange chunks;  // only these are read, written and tagged; other tags are zeros
};

// A MAC is 64 hexadecimal digits, the last bytes of an encrypted .onnx file.
inline constexpr std::uint64_t kMacText = 64;

struct CopyJob {
  std::vector<FileCopy> files;  // files[i] is Model::files[i]
  std::vector<Permutation> permutations;
};

// Whether the elements of a payload, indices of an axis of `extent`, can be rewritten through every
// permutation of that axis, in place and back again. Errors (kInput): an element out of range;
// elements that are not 32- or 64-bit integers; varints that are longer than needed, or whose total
// length would depend on the permutation. The planner pins what fails. `tensor` is for the error.
Result<void> check_rewritable(std::string_view tensor, const ElementView& view,
                              std::string_view payload, std::uint64_t extent);

// What `plan` does to the files of a model. `groups[i]` is the permutation of g<i>; `inputs[i]` the
// path of Model::files[i]. REQUIRES: every span and edit of the plan names one of these files.
CopyJob encryption_job(const Plan& plan, const std::vector<Permutation>& groups,
                       const std::vector<std::filesystem::path>& inputs);

// The way back, from the encrypted files at `inputs`. `original_size`: bytes of the original .onnx.
// Errors: kInput when inputs[0] cannot be read; kResult when it is too short to hold a manifest.
Result<CopyJob> decryption_job(const Plan& plan, const std::vector<Permutation>& groups,
                               const std::vector<std::filesystem::path>& inputs,
                               std::uint64_t original_size);

// The job that undoes `job` when it reads what `job` wrote; the inputs are left empty.
CopyJob inverse(const CopyJob& job);

// How many bytes longer (or, when negative, shorter) the edits make a file.
std::int64_t growth(const FileCopy& file);

inline constexpr std::uint64_t kChunkBytes = 1 << 20;
using ChunkTag = std::array<std::uint8_t, 16>;
using DigestKey = std::array<std::uint8_t, 32>;
using Digest = std::array<std::uint8_t, 32>;

// What a digest needs to know of one file: Poly1305 tags of all its 1 MiB chunks, in order, each
// under a one-time key (docs/format.md, "Digests").
struct FileTags {
  std::uint64_t size = 0;
  std::vector<ChunkTag> tags;
  bool operator==(const FileTags&) const = default;
};

// The tag of one chunk (at most kChunkBytes) of file `file` under `key`.
ChunkTag tag_chunk(std::string_view bytes, const DigestKey& key, std::uint64_t file,
                   std::uint64_t chunk);
// The keyed BLAKE2b over all files of a model.
Digest digest_files(const std::vector<FileTags>& files, const DigestKey& key);
// Tags of files as they are; `mac_in_first`: files[0] ends in a MAC, which is hashed as zeros.
// Errors (kInput): a file cannot be read.
Result<std::vector<FileTags>> tag_files(const std::vector<std::filesystem::path>& files,
                                        const DigestKey& key, bool mac_in_first, unsigned threads);
// Appends `bytes` to the tags of a file whose last, incomplete chunk is `partial` (empty when the
// size is a multiple of kChunkBytes).
void append_tags(FileTags& tags, std::string_view partial, std::string_view bytes,
                 const DigestKey& key, std::uint64_t file);

inline constexpr std::uint64_t kDefaultMemory = 256ull << 20;

struct CopyOptions {
  unsigned threads = 0;                   // 0: all cores
  DigestKey input_key{};                  // for the tags of the inputs
  DigestKey output_key{};                 // and of the outputs
  std::uint64_t memory = kDefaultMemory;  // for buffers and input pages together, about
  bool tag_inputs = true, tag_outputs = true;  // or leave those tags zeros
  // Bytes [begin, end) of the output of files[file] that nobody wants: they are not written where
  // they are a whole chunk. Empty: all are wanted.
  std::function<bool(std::size_t file, std::uint64_t begin, std::uint64_t end)> unwanted;
};

struct CopyResult {
  std::vector<FileTags> inputs, outputs;
  std::string partial;  // the last, incomplete chunk of the output of files[0], for append_tags()
};

// Writes `bytes` at `offset` of the output of files[file]; called from several threads at once.
using WriteAt =
    std::function<Result<void>(std::size_t file, std::uint64_t offset, std::string_view bytes)>;

// Copies all files, each output byte written once, in chunks that are roughly in order. Neither the
// bytes nor the tags depend on the number of threads; memory does not depend on the size of files.
//
// Errors: those of `write`; kInput when a file cannot be read, when a view does not fit its
// payload, or when elements cannot be rewritten in place (an index out of range, varints of another
// total length); kResult when a file is not what the job was made for: too short, or without the
// original bytes of an edit.
Result<CopyResult> copy_files(const CopyJob& job, const CopyOptions& options, const WriteAt& write);

}  // namespace permcrypt
