// An output file as a list of pieces: copied ranges of the input, replacements, permuted payloads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "permcrypt/apply.h"

namespace permcrypt {

struct Segment {
  enum class Kind : std::uint8_t { kCopy, kEdit, kMove };
  Kind kind = Kind::kCopy;
  std::uint32_t index = 0;      // into FileCopy::edits or moves
  std::uint64_t out_begin = 0;  // in the output
  std::uint64_t in_begin = 0;   // in the input; of an edit, of the bytes that it replaces
  std::uint64_t length = 0;     // in the output, never 0
};

struct Segments {
  std::vector<Segment> list;  // by out_begin, without gaps
  std::uint64_t out_size = 0;
};

// Errors: kResult when the input of `input_size` bytes is too short for the job; kDefect when edits
// and moves overlap or are not sorted. An insertion where a payload begins comes before it.
Result<Segments> make_segments(const FileCopy& file, std::uint64_t input_size);

// Whether the input holds what the edits replace. Errors (kResult).
Result<void> check_edits(const FileCopy& file, std::string_view input);

}  // namespace permcrypt
