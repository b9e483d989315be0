// How the bytes of a permuted payload lie: rows of equal length, each copied from one input row.
//
// Whatever the rank, a payload becomes rows x columns. Axes that stay are merged into their
// neighbours; a short run of bytes that stays together at the end becomes one wider element; short
// trailing axes are folded into one index vector. What is left:
//
//   row r of the output     reads row source(r) of the input, by a mixed-radix map of `rows`
//   element c of a row      reads element columns[c] of that row, or c when the columns stay
//
//   [8*, 4096, 11]     int8   ->  rows {8*}, runs of 45056 bytes                     (* moves)
//   [4096*, 64*, 2]    fp16   ->  rows {4096*}, 64* columns of 4 bytes
//   [4096, 64*, 2, 3]  fp16   ->  rows {4096, 64*}, runs of 12 bytes
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "permcrypt/apply.h"

namespace permcrypt {

// An axis, and the input index of each output index; nullptr when it stays.
struct LayoutAxis {
  std::uint64_t extent = 1;
  const std::uint32_t* old_of_new = nullptr;
};

// Extents and strides count elements of `bits` bits. Move only: it may point into itself.
struct Layout {
  Layout() = default;
  Layout(Layout&&) = default;
  Layout& operator=(Layout&&) = default;

  unsigned bits = 8;             // of an element: 4, 8, 16, 32, 64, 128
  std::vector<LayoutAxis> rows;  // major first
  LayoutAxis columns;
  std::uint64_t stride = 1;           // from row to row; what lies between rows stays
  std::vector<std::uint32_t> folded;  // owns columns.old_of_new where no Permutation does
};

// Layout of a kFixed payload. `merge_width`: runs may become wider elements (not when elements are
// rewritten). The result points into `permutations`. Errors (kInput): extents that overflow or do
// not fit the payload's length or their permutations; a row stride shorter than a row.
Result<Layout> make_layout(const PayloadMove& move, std::span<const Permutation> permutations,
                           bool merge_width);

// The axes of a view with their permutations. Errors (kInput): extents whose product is above 2^56,
// or that do not fit their permutations.
Result<std::vector<LayoutAxis>> checked_axes(const PayloadMove& move,
                                             std::span<const Permutation> permutations);

// Maps output rows to input rows. Fast when asked for neighbouring rows. REQUIRES: no axis is
// empty.
class RowSource {
 public:
  explicit RowSource(std::span<const LayoutAxis> rows);

  std::uint64_t operator()(std::uint64_t row) {
    if (row - block_begin_ >= last_.extent) enter_block(row);
    const std::uint64_t index = row - block_begin_;
    return source_begin_ + (last_.old_of_new != nullptr ? last_.old_of_new[index] : index);
  }

 private:
  void enter_block(std::uint64_t row);

  std::span<const LayoutAxis> outer_;
  LayoutAxis last_;
  std::uint64_t block_begin_ = 0;   // the first output row that shares all indices but the last
  std::uint64_t source_begin_ = 0;  // the input row that these indices select
};

}  // namespace permcrypt
