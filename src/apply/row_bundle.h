// Whole rows whose elements all move in one order, several rows at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/interleave.h"

namespace permcrypt {

class RowBundle {
 public:
  // For about `rows` rows of elements of `bits` bits (4, 8, 16, 32, 64) in `columns`. Nothing where
  // single rows are faster: there are too few of them, or they are too long for the caches. Nor for
  // other elements, or rows of 4 bits that end within a byte. Points to `old_of_new`.
  static std::optional<RowBundle> make(unsigned bits, const std::uint32_t* old_of_new,
                                       std::size_t columns, std::uint64_t rows);

  // Element c of `out` will be element old_of_new[c] of `row`, at the latest after finish().
  void add(const char* row, char* out) {
    rows_[count_] = row;
    outs_[count_] = out;
    if (++count_ == lanes_) finish();
  }
  void finish();

 private:
  RowBundle(unsigned bits, const std::uint32_t* old_of_new, std::size_t columns, std::size_t lanes);
  template <class T>
  void gather();
  void gather_nibbles();

  static constexpr std::size_t kMostLanes = kLanes<std::uint8_t>;
  unsigned bits_;
  const std::uint32_t* old_of_new_;
  std::size_t columns_, lanes_;
  std::size_t count_ = 0;
  std::array<const char*, kMostLanes> rows_{};
  std::array<char*, kMostLanes> outs_{};
  std::unique_ptr<char[]> units_;  // the rows, interleaved
};

}  // namespace permcrypt
