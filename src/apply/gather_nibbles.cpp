#include "apply/gather_nibbles.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "apply/row_bundle.h"
#include "apply/row_pieces.h"

namespace permcrypt {
namespace {

unsigned nibble(const char* data, std::uint64_t position) {
  return static_cast<unsigned char>(data[position / 2]) >> (position % 2 * 4) & 15;
}

void set_nibble(char* data, std::uint64_t position, unsigned value) {
  const unsigned shift = position % 2 * 4;
  const unsigned kept = static_cast<unsigned char>(data[position / 2]) & (0xf0u >> shift);
  data[position / 2] = static_cast<char>(kept | value << shift);
}

// A byte for each of `count` nibbles from position `first`.
void unpack_nibbles(const char* data, std::uint64_t first, std::uint64_t count, std::uint8_t* out) {
  if (first % 2 != 0 && count > 0) {
    *out++ = static_cast<std::uint8_t>(nibble(data, first++));
    --count;
  }
  const char* const bytes = data + first / 2;
  for (std::uint64_t pair = 0; pair < count / 2; ++pair) {  // a form that compilers vectorise
    const auto both = static_cast<std::uint8_t>(bytes[pair]);
    out[2 * pair] = both & 15;
    out[2 * pair + 1] = both >> 4;
  }
  if (count % 2 != 0) out[count - 1] = static_cast<std::uint8_t>(nibble(data, first + count - 1));
}

// `count` nibbles to out[to], the k-th is value(k); as many as fit a word are written in one go.
template <class Value>
void put_nibbles(Value value, std::uint64_t count, char* out, std::uint64_t to) {
  constexpr std::uint64_t kPerWord = 16;
  std::uint64_t k = 0;
  if (to % 2 != 0 && count > 0) set_nibble(out, to, value(k++));
  for (; k + kPerWord <= count; k += kPerWord) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < kPerWord; ++i) word |= std::uint64_t{value(k + i)} << (4 * i);
    std::memcpy(out + (to + k) / 2, &word, sizeof word);
  }
  for (; k + 1 < count; k += 2) {
    out[(to + k) / 2] = static_cast<char>(value(k) | value(k + 1) << 4);
  }
  if (k < count) set_nibble(out, to + k, value(k));
}

// Picks elements of one row after the other.
class RowPicker {
 public:
  RowPicker(const Layout& layout, const char* payload)
      : columns_(layout.columns.old_of_new), extent_(layout.columns.extent), payload_(payload) {}

  // Columns [begin, begin + count) of the row that begins at nibble `row` of the payload, to nibble
  // `to` of `out`.
  void pick(std::uint64_t row, std::uint64_t begin, std::uint64_t count, char* out,
            std::uint64_t to) {
    const auto nibble_at = [&](std::uint64_t c) { return nibble(payload_, row + c); };
    if (columns_ == nullptr) {
      put_nibbles([&](auto k) { return nibble_at(begin + k); }, count, out, to);
    } else if (count < extent_ / 4) {  // not worth unpacking the row
      put_nibbles([&](auto k) { return nibble_at(columns_[begin + k]); }, count, out, to);
    } else {
      unpacked_.resize(extent_);
      unpack_nibbles(payload_, row, extent_, unpacked_.data());
      const std::uint8_t* const values = unpacked_.data();
      const std::uint32_t* const wanted = columns_ + begin;
      put_nibbles([=](auto k) -> unsigned { return values[wanted[k]]; }, count, out, to);
    }
  }

 private:
  const std::uint32_t* columns_;
  std::uint64_t extent_;
  const char* payload_;
  std::vector<std::uint8_t> unpacked_;
};

}  // namespace

void copy_nibbles(const Layout& layout, std::string_view payload, std::uint64_t first,
                  std::uint64_t last, char* out) {
  std::memcpy(out, payload.data() + first, last - first);  // padding stays where it is
  const std::uint64_t extent = layout.columns.extent;
  std::uint64_t rows = 1;
  for (const LayoutAxis& axis : layout.rows) rows *= axis.extent;
  const std::uint64_t end_of_range = std::min(2 * last, rows * layout.stride);
  RowSource source(layout.rows);
  RowPicker picker(layout, payload.data());
  std::optional<RowBundle> bundle;
  if (layout.stride % 2 == 0) {  // rows begin with a byte
    bundle = RowBundle::make(4, layout.columns.old_of_new, extent,
                             (end_of_range - 2 * first) / layout.stride);
  }
  std::uint64_t to = 0;  // nibbles from `out`
  for_each_row(layout.stride, 2 * first, end_of_range,
               [&](std::uint64_t r, std::uint64_t begin, std::uint64_t end) {
                 const std::uint64_t count = std::min(extent, end) - std::min(extent, begin);
                 const std::uint64_t row = source(r) * layout.stride;
                 if (bundle && count == extent) {
                   bundle->add(payload.data() + row / 2, out + to / 2);
                 } else if (count > 0) {
                   picker.pick(row, begin, count, out, to);
                 }
                 to += end - begin;
               });
  if (bundle) bundle->finish();
}

}  // namespace permcrypt
