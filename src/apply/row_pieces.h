// What is to be rendered of a payload, as parts of its rows.
//
// each() calls piece(row, begin, end), where begin and end count from the start of the row, and
// whole_rows() says how many of these are whole rows, about.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace permcrypt {

// Calls piece(row, begin, end) for the parts of rows of `row_length` that make up [first, last):
// begin and end count from the start of the row.
template <class Piece>
void for_each_row(std::uint64_t row_length, std::uint64_t first, std::uint64_t last, Piece piece) {
  std::uint64_t row = first / row_length;
  std::uint64_t begin = first % row_length;
  while (first < last) {
    const std::uint64_t end = std::min(row_length, begin + (last - first));
    piece(row, begin, end);
    first += end - begin;
    ++row;
    begin = 0;
  }
}

// Bytes [first, last).
struct ByteRange {
  std::uint64_t first, last;

  std::uint64_t whole_rows(std::uint64_t row_bytes) const { return (last - first) / row_bytes; }
  template <class Piece>
  void each(std::uint64_t row_bytes, Piece piece) const {
    for_each_row(row_bytes, first, last, piece);
  }
};

// Rows from end to end; the last one of the payload may lack its padding.
struct RowList {
  std::span<const std::uint64_t> rows;
  std::uint64_t payload_bytes;

  std::uint64_t whole_rows(std::uint64_t) const { return rows.size(); }
  template <class Piece>
  void each(std::uint64_t row_bytes, Piece piece) const {
    for (const std::uint64_t row : rows) {
      piece(row, 0, std::min(row_bytes, payload_bytes - row * row_bytes));
    }
  }
};

}  // namespace permcrypt
