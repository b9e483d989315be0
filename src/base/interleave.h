// Elements of several rows side by side, so that one load moves all of them.
//
// Picking single elements of a row costs a load each, however narrow they are. kLanes<T> rows of
// elements T, interleaved, are units of 16 bytes, of which unit c holds element c of every row:
//
//   a0 a1 a2 ..                     a0 b0 c0 d0 | a1 b1 c1 d1 | a2 ..
//   b0 b1 b2 ..    interleaved:
//   c0 ..                           (4 rows of 4 bytes, 16 rows of one byte)
//
// Vectors of 16 bytes are in the baseline of every 64-bit processor. Wider ones were tried and were
// no faster here, so that nothing has to be chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace permcrypt {

inline constexpr std::size_t kUnitBytes = 16;

template <class T>
inline constexpr std::size_t kLanes = kUnitBytes / sizeof(T);

// How many rows of elements of `bits` bits are interleaved; 0 for other widths.
constexpr std::size_t lanes_of(unsigned bits) {
  switch (bits) {
    case 4:  // a byte each
    case 8:
      return kLanes<std::uint8_t>;
    case 16:
      return kLanes<std::uint16_t>;
    case 32:
      return kLanes<std::uint32_t>;
    case 64:
      return kLanes<std::uint64_t>;
    default:
      return 0;
  }
}

// Longer rows are faster one by one: second-level caches hold about so many units.
inline constexpr std::size_t kMostUnits = 1 << 16;

// As many rows as columns of elements T (unsigned integers), each row a vector.
template <class T>
struct SquareBlock {
  typedef T Row __attribute__((vector_size(kUnitBytes)));
  Row rows[kLanes<T>];
};

using Unit = SquareBlock<std::uint8_t>::Row;

inline Unit load_unit(const char* units, std::size_t number) {
  Unit unit;
  std::memcpy(&unit, units + number * kUnitBytes, kUnitBytes);
  return unit;
}

// Two nibbles of each row: those of units `wanted[0]`, low, and `wanted[1]`, high.
inline Unit load_nibble_pair(const char* units, const std::uint32_t* wanted) {
  return load_unit(units, wanted[0]) | load_unit(units, wanted[1]) << 4;
}

namespace interleave_detail {

template <class T>
using Row = typename SquareBlock<T>::Row;

// Elements of the lower (kFrom = 0) or upper half of a and b, in turn.
template <class T, std::size_t kFrom, std::size_t... kLane>
[[gnu::always_inline]] inline Row<T> in_turn(Row<T> a, Row<T> b, std::index_sequence<kLane...>) {
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(a, b, (kFrom + kLane / 2 + (kLane % 2) * kLanes<T>)...);
#else  // GCC 11
  return __builtin_shuffle(a, b, Row<T>{(kFrom + kLane / 2 + (kLane % 2) * kLanes<T>)...});
#endif
}

// A perfect shuffle: the elements of the first half of the block and of the second, in turn.
template <class T, std::size_t... kRow>
[[gnu::always_inline]] inline void shuffle(SquareBlock<T>& block, std::index_sequence<kRow...>) {
  constexpr std::size_t kHalf = sizeof...(kRow);
  constexpr auto kAll = std::make_index_sequence<kLanes<T>>();
  const SquareBlock<T> was = block;
  ((block.rows[2 * kRow] = in_turn<T, 0>(was.rows[kRow], was.rows[kRow + kHalf], kAll),
    block.rows[2 * kRow + 1] = in_turn<T, kHalf>(was.rows[kRow], was.rows[kRow + kHalf], kAll)),
   ...);
}

template <class T, std::size_t... kRow>
[[gnu::always_inline]] inline void load(SquareBlock<T>& block, const char* const* rows,
                                        std::size_t offset, std::index_sequence<kRow...>) {
  (std::memcpy(&block.rows[kRow], rows[kRow] + offset, kUnitBytes), ...);
}

}  // namespace interleave_detail

// A perfect shuffle moves the highest bit of an element's position to the lowest place; as many of
// them as columns have bits exchange row and column.
template <class T>
[[gnu::always_inline]] inline void transpose(SquareBlock<T>& block) {
  constexpr auto kHalf = std::make_index_sequence<kLanes<T> / 2>();
  interleave_detail::shuffle(block, kHalf);
  if constexpr (kLanes < T >> 2) interleave_detail::shuffle(block, kHalf);
  if constexpr (kLanes < T >> 4) interleave_detail::shuffle(block, kHalf);
  if constexpr (kLanes < T >> 8) interleave_detail::shuffle(block, kHalf);
}

// Unit c of `units` becomes element c of every one of kLanes<T> rows.
template <class T>
void interleave(const char* const* rows, std::size_t columns, char* units) {
  constexpr auto kAll = std::make_index_sequence<kLanes<T>>();
  std::size_t c = 0;
  for (; c + kLanes<T> <= columns; c += kLanes<T>) {
    SquareBlock<T> block;
    interleave_detail::load(block, rows, c * sizeof(T), kAll);
    transpose(block);
    std::memcpy(units + c * kUnitBytes, &block, sizeof block);
  }
  for (; c < columns; ++c) {
    for (std::size_t row = 0; row < kLanes<T>; ++row) {
      std::memcpy(units + c * kUnitBytes + row * sizeof(T), rows[row] + c * sizeof(T), sizeof(T));
    }
  }
}

// The same of 16 rows of 4-bit elements, the low half of a byte first: a byte of a unit is one
// element. REQUIRES: columns is even.
inline void interleave_nibbles(const char* const* rows, std::size_t columns, char* units) {
  constexpr std::size_t kRows = kLanes<std::uint8_t>;
  const std::size_t pairs = columns / 2;
  char* const interleaved = units + pairs * kUnitBytes;  // read just before it is written over
  interleave<std::uint8_t>(rows, pairs, interleaved);
  for (std::size_t p = 0; p < pairs; ++p) {
    std::uint8_t low[kRows], high[kRows];
    std::memcpy(low, interleaved + p * kUnitBytes, kUnitBytes);
    for (std::size_t row = 0; row < kRows; ++row) high[row] = low[row] >> 4;
    for (std::size_t row = 0; row < kRows; ++row) low[row] &= 15;
    std::memcpy(units + 2 * p * kUnitBytes, low, kUnitBytes);
    std::memcpy(units + (2 * p + 1) * kUnitBytes, high, kUnitBytes);
  }
}

}  // namespace permcrypt
