#include "apply/row_bundle.h"

#include <cstring>
#include <utility>

#include "base/element_width.h"

namespace permcrypt {
namespace {

template <class T, std::size_t... kRow>
[[gnu::always_inline]] inline void load_units(SquareBlock<T>& block, const char* units,
                                              const std::uint32_t* wanted,
                                              std::index_sequence<kRow...>) {
  (std::memcpy(&block.rows[kRow], units + std::size_t{wanted[kRow]} * kUnitBytes, kUnitBytes), ...);
}

// The same, of two nibbles for each byte.
template <std::size_t... kRow>
[[gnu::always_inline]] inline void load_pairs(SquareBlock<std::uint8_t>& block, const char* units,
                                              const std::uint32_t* wanted,
                                              std::index_sequence<kRow...>) {
  ((block.rows[kRow] = load_nibble_pair(units, wanted + 2 * kRow)), ...);
}

template <class T, std::size_t... kRow>
[[gnu::always_inline]] inline void store_rows(const SquareBlock<T>& block, char* const* outs,
                                              std::size_t offset, std::index_sequence<kRow...>) {
  (std::memcpy(outs[kRow] + offset, &block.rows[kRow], kUnitBytes), ...);
}

}  // namespace

std::optional<RowBundle> RowBundle::make(unsigned bits, const std::uint32_t* old_of_new,
                                         std::size_t columns, std::uint64_t rows) {
  const std::size_t lanes = lanes_of(bits);
  const bool half_bytes = bits == 4 && columns % 2 != 0;
  if (old_of_new == nullptr || lanes == 0 || half_bytes) return {};
  if (columns > kMostUnits || rows < lanes / 2) return {};
  return RowBundle(bits, old_of_new, columns, lanes);
}

RowBundle::RowBundle(unsigned bits, const std::uint32_t* old_of_new, std::size_t columns,
                     std::size_t lanes)
    : bits_(bits),
      old_of_new_(old_of_new),
      columns_(columns),
      lanes_(lanes),
      units_(std::make_unique_for_overwrite<char[]>(columns * kUnitBytes)) {}

void RowBundle::finish() {
  if (count_ == 0) return;
  for (std::size_t i = count_; i < lanes_; ++i) {  // the last one again and again
    rows_[i] = rows_[count_ - 1];
    outs_[i] = outs_[count_ - 1];
  }
  count_ = 0;
  if (bits_ == 4) return gather_nibbles();
  with_unsigned(bits_, [this]<class T>(T) { gather<T>(); });
}

template <class T>
void RowBundle::gather() {
  constexpr auto kAll = std::make_index_sequence<kLanes<T>>();
  interleave<T>(rows_.data(), columns_, units_.get());
  std::size_t c = 0;
  for (; c + kLanes<T> <= columns_; c += kLanes<T>) {
    SquareBlock<T> block;
    load_units(block, units_.get(), old_of_new_ + c, kAll);
    transpose(block);
    store_rows(block, outs_.data(), c * sizeof(T), kAll);
  }
  for (; c < columns_; ++c) {
    const char* const unit = units_.get() + std::size_t{old_of_new_[c]} * kUnitBytes;
    for (std::size_t row = 0; row < kLanes<T>; ++row) {
      std::memcpy(outs_[row] + c * sizeof(T), unit + row * sizeof(T), sizeof(T));
    }
  }
}

void RowBundle::gather_nibbles() {
  constexpr std::size_t kRows = kLanes<std::uint8_t>;
  constexpr auto kAll = std::make_index_sequence<kRows>();
  interleave_nibbles(rows_.data(), columns_, units_.get());
  const std::size_t pairs = columns_ / 2;
  std::size_t p = 0;
  for (; p + kRows <= pairs; p += kRows) {
    SquareBlock<std::uint8_t> block;
    load_pairs(block, units_.get(), old_of_new_ + 2 * p, kAll);
    transpose(block);
    store_rows(block, outs_.data(), p, kAll);
  }
  for (; p < pairs; ++p) {
    const Unit pair = load_nibble_pair(units_.get(), old_of_new_ + 2 * p);
    for (std::size_t row = 0; row < kRows; ++row) std::memcpy(outs_[row] + p, &pair[row], 1);
  }
}

}  // namespace permcrypt
