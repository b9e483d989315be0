// Do whole rows of one array hold the elements of rows of another, in one other order?
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/interleave.h"

namespace permcrypt::proof {

// Compares pairs of rows, several at a time where that is faster. The rows must stay in memory
// until finish() has been called.
class SameRows {
 public:
  using Order = std::span<const std::uint32_t>;

  // For about `rows` rows of elements of `bits` bits (4, or whole bytes), one for each entry of
  // `order`. Points to it.
  SameRows(std::uint32_t bits, Order order, std::uint64_t rows);

  // Element j of `encrypted` is to be element order[j] of `original`. False once a pair that was
  // added is known to differ. REQUIRES: for 4 bits, rows begin with a byte.
  bool add(const char* encrypted, const char* original);
  // Whether all pairs are the same.
  bool finish();

 private:
  bool one_pair(const char* encrypted, const char* original);
  bool one_bundle();
  template <class T>
  bool bundle();
  bool nibble_bundle();

  static constexpr std::size_t kMostLanes = kLanes<std::uint8_t>;
  std::uint32_t bits_;
  Order order_;
  std::size_t lanes_;  // pairs at a time; 1: as they come
  std::size_t count_ = 0;
  bool same_ = true;
  std::array<const char*, kMostLanes> encrypted_{}, original_{};
  std::unique_ptr<char[]> encrypted_units_, original_units_;
};

}  // namespace permcrypt::proof
