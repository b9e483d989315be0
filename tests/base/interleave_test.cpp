#include "base/interleave.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace permcrypt {
namespace {

std::vector<std::string> random_rows(std::size_t count, std::size_t bytes) {
  std::mt19937 random(7);
  std::vector<std::string> rows(count, std::string(bytes, '\0'));
  for (std::string& row : rows) {
    for (char& byte : row) byte = static_cast<char>(random());
  }
  return rows;
}

std::vector<const char*> pointers(const std::vector<std::string>& rows) {
  std::vector<const char*> out;
  for (const std::string& row : rows) out.push_back(row.data());
  return out;
}

TEST_CASE_TEMPLATE("unit c holds element c of every row", T, std::uint8_t, std::uint16_t,
                   std::uint32_t, std::uint64_t) {
  for (std::size_t columns = 0; columns <= 2 * kLanes<T> + 1; ++columns) {
    const auto rows = random_rows(kLanes<T>, columns * sizeof(T));
    std::string units(columns * kUnitBytes, '#'), expected;
    interleave<T>(pointers(rows).data(), columns, units.data());
    for (std::size_t c = 0; c < columns; ++c) {
      for (const std::string& row : rows) expected += row.substr(c * sizeof(T), sizeof(T));
    }
    CHECK(units == expected);
  }
}

TEST_CASE("a unit of nibbles has a byte for each") {
  for (std::size_t columns = 0; columns <= 70; columns += 2) {
    const auto rows = random_rows(16, columns / 2);
    std::string units(columns * kUnitBytes, '#'), expected;
    interleave_nibbles(pointers(rows).data(), columns, units.data());
    for (std::size_t c = 0; c < columns; ++c) {
      for (const std::string& row : rows) {
        expected += static_cast<char>(static_cast<unsigned char>(row[c / 2]) >> (c % 2 * 4) & 15);
      }
    }
    CHECK(units == expected);
  }
}

TEST_CASE_TEMPLATE("transposing twice changes nothing, once exchanges row and column", T,
                   std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t) {
  constexpr std::size_t kSide = kLanes<T>;
  SquareBlock<T> block;
  for (std::size_t i = 0; i < kSide; ++i) {
    for (std::size_t j = 0; j < kSide; ++j) block.rows[i][j] = static_cast<T>(i * kSide + j);
  }
  const SquareBlock<T> before = block;
  transpose(block);
  bool exchanged = true;
  for (std::size_t i = 0; i < kSide; ++i) {
    for (std::size_t j = 0; j < kSide; ++j) exchanged &= block.rows[i][j] == before.rows[j][i];
  }
  CHECK(exchanged);
  transpose(block);
  CHECK(std::memcmp(&block, &before, sizeof block) == 0);
}

}  // namespace
}  // namespace permcrypt
