#include "apply/gather.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "apply/rewrite.h"
#include "apply/row_bundle.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

using Bytes16 = std::array<std::uint64_t, 2>;

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

template <class T>
T load(const char* data) {
  T element;
  std::memcpy(&element, data, sizeof(T));
  return element;
}

// Columns [begin, end) of one output row, in elements. Narrow ones leave eight bytes at a time: it
// is the number of stores that limits them.
template <class T>
void gather_columns(const char* row, const std::uint32_t* columns, std::uint64_t begin,
                    std::uint64_t end, char* out) {
  std::uint64_t c = begin;
  if constexpr (sizeof(T) < sizeof(std::uint64_t)) {
    constexpr unsigned kPerWord = sizeof(std::uint64_t) / sizeof(T);
    for (; c + kPerWord <= end; c += kPerWord, out += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      for (unsigned i = 0; i < kPerWord; ++i) {
        const std::uint64_t element = load<T>(row + columns[c + i] * sizeof(T));
        word |= element << (8 * sizeof(T) * i);
      }
      std::memcpy(out, &word, sizeof word);
    }
  }
  for (; c < end; ++c, out += sizeof(T)) std::memcpy(out, row + columns[c] * sizeof(T), sizeof(T));
}

// The same in bytes, which may begin and end inside an element.
template <class T>
void gather_bytes(const char* row, const std::uint32_t* columns, std::uint64_t begin,
                  std::uint64_t end, char* out) {
  constexpr std::uint64_t kWidth = sizeof(T);
  if (const std::uint64_t skip = begin % kWidth; skip != 0) {
    const std::uint64_t length = std::min(kWidth - skip, end - begin);
    std::memcpy(out, row + columns[begin / kWidth] * kWidth + skip, length);
    begin += length;
    out += length;
  }
  const std::uint64_t whole_end = std::max(begin, end - end % kWidth);
  gather_columns<T>(row, columns, begin / kWidth, whole_end / kWidth, out);
  if (whole_end < end) {
    std::memcpy(out + (whole_end - begin), row + columns[whole_end / kWidth] * kWidth,
                end - whole_end);
  }
}

// How many of the rows that [first, last) touches lie in it from end to end, at most.
std::uint64_t whole_rows(std::uint64_t row_length, std::uint64_t first, std::uint64_t last) {
  return (last - first) / row_length;
}

// Bytes [first, last) of a payload of elements T.
template <class T>
void copy_elements(const Layout& layout, std::string_view payload, std::uint64_t first,
                   std::uint64_t last, char* out) {
  const std::uint64_t row_bytes = layout.stride * sizeof(T);
  const std::uint64_t column_bytes = layout.columns.extent * sizeof(T);
  const std::uint32_t* columns = layout.columns.old_of_new;
  RowSource source(layout.rows);
  auto bundle = RowBundle::make(layout.bits, columns, layout.columns.extent,
                                whole_rows(row_bytes, first, last));
  for_each_row(row_bytes, first, last,
               [&](std::uint64_t r, std::uint64_t begin, std::uint64_t end) {
                 const std::uint64_t data_end = std::clamp(column_bytes, begin, end);
                 if (begin < data_end) {
                   const char* row = payload.data() + source(r) * row_bytes;
                   if (columns == nullptr) {
                     std::memcpy(out, row + begin, data_end - begin);
                   } else if (bundle && data_end - begin == column_bytes) {
                     bundle->add(row, out);
                   } else {
                     gather_bytes<T>(row, columns, begin, data_end, out);
                   }
                 }
                 if (data_end < end) {  // padding stays where it is
                   std::memcpy(out + (data_end - begin), payload.data() + r * row_bytes + data_end,
                               end - data_end);
                 }
                 out += end - begin;
               });
  if (bundle) bundle->finish();
}

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

// Bytes [first, last) of a payload of 4-bit elements, the low half of a byte first.
void copy_nibbles(const Layout& layout, std::string_view payload, std::uint64_t first,
                  std::uint64_t last, char* out) {
  std::memcpy(out, payload.data() + first, last - first);  // padding stays where it is
  const std::uint32_t* columns = layout.columns.old_of_new;
  std::uint64_t rows = 1;
  for (const LayoutAxis& axis : layout.rows) rows *= axis.extent;
  const std::uint64_t last_position = std::min(2 * last, rows * layout.stride);
  RowSource source(layout.rows);
  std::optional<RowBundle> bundle;
  if (layout.stride % 2 == 0) {  // rows begin with a byte
    bundle = RowBundle::make(4, columns, layout.columns.extent,
                             whole_rows(layout.stride, 2 * first, last_position));
  }
  std::uint64_t to = 0;  // nibbles from `out`
  std::vector<std::uint8_t> unpacked;
  for_each_row(
      layout.stride, 2 * first, last_position,
      [&](std::uint64_t r, std::uint64_t begin, std::uint64_t end) {
        const std::uint64_t extent = layout.columns.extent;
        if (begin < extent) {
          const std::uint64_t count = std::min(extent, end) - begin;
          const std::uint64_t row = source(r) * layout.stride;
          const auto nibble_at = [&](std::uint64_t c) -> unsigned {
            return nibble(payload.data(), row + c);
          };
          if (columns == nullptr) {
            put_nibbles([&](auto k) { return nibble_at(begin + k); }, count, out, to);
          } else if (bundle && count == extent) {
            bundle->add(payload.data() + row / 2, out + to / 2);
          } else if (count < extent / 4) {  // not worth unpacking the row
            put_nibbles([&](auto k) { return nibble_at(columns[begin + k]); }, count, out, to);
          } else {
            unpacked.resize(extent);
            const std::uint8_t* const values = unpacked.data();
            const std::uint32_t* const wanted = columns + begin;
            unpack_nibbles(payload.data(), row, extent, unpacked.data());
            put_nibbles([=](auto k) -> unsigned { return values[wanted[k]]; }, count, out, to);
          }
        }
        to += end - begin;
      });
  if (bundle) bundle->finish();
}

}  // namespace

Gather::Gather(const PayloadMove& move, Layout layout, const Permutation* values)
    : name_(move.name),
      layout_(std::move(layout)),
      values_(values),
      value_bytes_(move.view.bits / 8) {}

Result<Gather> Gather::prepare(const PayloadMove& move, std::span<const Permutation> permutations) {
  const bool rewrites = move.values != kNone;
  auto layout = make_layout(move, permutations, !rewrites);
  if (!layout) return fail(std::move(layout.error()));
  if (!rewrites) return Gather(move, std::move(*layout), nullptr);
  const bool padded = layout->stride != layout->columns.extent;
  const bool integers = move.view.bits == 32 || move.view.bits == 64;
  if (move.values >= permutations.size() || padded || !integers) {
    return fail(ErrorKind::kInput,
                "tensor " + in_quotes(move.name) + ": cannot rewrite its elements");
  }
  return Gather(move, std::move(*layout), &permutations[move.values]);
}

std::uint64_t Gather::row_bytes() const {
  const std::uint64_t bits = layout_.stride * layout_.bits;
  return bits % 8 == 0 ? bits / 8 : 0;
}

Result<void> Gather::render(std::string_view payload, std::uint64_t first, std::uint64_t last,
                            char* out) const {
  if (first == last) return {};
  if (values_ == nullptr) {
    copy(payload, first, last, out);
  } else if (!copy_rewritten(payload, first, last, out)) {
    return index_out_of_range(name_);
  }
  return {};
}

void Gather::copy(std::string_view payload, std::uint64_t first, std::uint64_t last,
                  char* out) const {
  switch (layout_.bits) {
    case 4:
      return copy_nibbles(layout_, payload, first, last, out);
    case 8:
      return copy_elements<std::uint8_t>(layout_, payload, first, last, out);
    case 16:
      return copy_elements<std::uint16_t>(layout_, payload, first, last, out);
    case 32:
      return copy_elements<std::uint32_t>(layout_, payload, first, last, out);
    case 64:
      return copy_elements<std::uint64_t>(layout_, payload, first, last, out);
    default:
      return copy_elements<Bytes16>(layout_, payload, first, last, out);
  }
}

// Whole elements are rewritten in place; those that the range cuts at either end, aside.
bool Gather::copy_rewritten(std::string_view payload, std::uint64_t first, std::uint64_t last,
                            char* out) const {
  const std::uint64_t width = value_bytes_;
  while (first < last) {
    const std::uint64_t begin = first - first % width;
    const std::uint64_t whole_end = last - last % width;
    if (begin == first && begin < whole_end) {
      copy(payload, begin, whole_end, out);
      if (!rewrite_integers(out, (whole_end - begin) / width, value_bytes_, *values_)) return false;
      out += whole_end - begin;
      first = whole_end;
    } else {
      std::array<char, 8> element;
      copy(payload, begin, begin + width, element.data());
      if (!rewrite_integers(element.data(), 1, value_bytes_, *values_)) return false;
      const std::uint64_t end = std::min(begin + width, last);
      std::memcpy(out, element.data() + (first - begin), end - first);
      out += end - first;
      first = end;
    }
  }
  return true;
}

}  // namespace permcrypt
