#include "apply/gather.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "apply/gather_nibbles.h"
#include "apply/rewrite.h"
#include "apply/row_bundle.h"
#include "apply/row_pieces.h"
#include "base/element_width.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

using Bytes16 = std::array<std::uint64_t, 2>;

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

// Pieces of a payload of elements T.
template <class T, class Pieces>
void copy_elements(const Layout& layout, std::string_view payload, const Pieces& pieces,
                   char* out) {
  const std::uint64_t row_bytes = layout.stride * sizeof(T);
  const std::uint64_t column_bytes = layout.columns.extent * sizeof(T);
  const std::uint32_t* columns = layout.columns.old_of_new;
  RowSource source(layout.rows);
  auto bundle =
      RowBundle::make(layout.bits, columns, layout.columns.extent, pieces.whole_rows(row_bytes));
  pieces.each(row_bytes, [&](std::uint64_t r, std::uint64_t begin, std::uint64_t end) {
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

// Pieces of a payload of elements of whole bytes.
template <class Pieces>
void copy_bytes(const Layout& layout, std::string_view payload, const Pieces& pieces, char* out) {
  if (layout.bits == 128) return copy_elements<Bytes16>(layout, payload, pieces, out);
  with_unsigned(layout.bits, [&]<class T>(T) { copy_elements<T>(layout, payload, pieces, out); });
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
  if (layout_.bits == 4) return copy_nibbles(layout_, payload, first, last, out);
  copy_bytes(layout_, payload, ByteRange{first, last}, out);
}

Result<void> Gather::render_rows(std::string_view payload, std::span<const std::uint64_t> rows,
                                 char* out) const {
  if (values_ == nullptr && layout_.bits != 4) {
    copy_bytes(layout_, payload, RowList{rows, payload.size()}, out);
    return {};
  }
  for (const std::uint64_t row : rows) {
    const std::uint64_t begin = row * row_bytes();
    const std::uint64_t end = std::min<std::uint64_t>(begin + row_bytes(), payload.size());
    if (auto done = render(payload, begin, end, out); !done) return done;
    out += end - begin;
  }
  return {};
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
