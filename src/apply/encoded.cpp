#include "apply/encoded.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "apply/layout.h"
#include "apply/rewrite.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

tl::unexpected<Error> malformed(std::string_view tensor) {
  return fail(ErrorKind::kInput,
              "tensor " + in_quotes(tensor) + ": its elements are not encoded as its shape says");
}

// Takes a varint off the front.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
  return std::nullopt;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

// One element: its tag ("" in packed fields) and its value.
struct Element {
  std::string_view tag, value;
  std::uint64_t number = 0;  // of a varint
  bool varint = true;
};

// Takes an element off the front.
std::optional<Element> take_element(std::string_view& bytes, Encoding encoding) {
  Element element;
  const std::string_view start = bytes;
  unsigned wire_type = 0;
  if (encoding == Encoding::kTagged) {
    const auto tag = take_varint(bytes);
    if (!tag) return std::nullopt;
    wire_type = *tag & 7;
    element.tag = start.substr(0, start.size() - bytes.size());
  }
  const std::string_view rest = bytes;
  if (wire_type == 0) {
    const auto number = take_varint(bytes);
    if (!number) return std::nullopt;
    element.number = *number;
  } else {
    const std::size_t width = wire_type == 1 ? 8 : 4;
    if ((wire_type != 1 && wire_type != 5) || bytes.size() < width) return std::nullopt;
    element.varint = false;
    bytes.remove_prefix(width);
  }
  element.value = rest.substr(0, rest.size() - bytes.size());
  return element;
}

// Where each of `count` elements begins, and the end.
std::optional<std::vector<std::size_t>> element_offsets(std::string_view payload, Encoding encoding,
                                                        std::uint64_t count) {
  if (count > payload.size()) return std::nullopt;  // each takes a byte or more
  std::vector<std::size_t> offsets;
  offsets.reserve(count + 1);
  std::string_view rest = payload;
  while (!rest.empty()) {
    offsets.push_back(payload.size() - rest.size());
    if (offsets.size() > count || !take_element(rest, encoding)) return std::nullopt;
  }
  if (offsets.size() != count) return std::nullopt;
  offsets.push_back(payload.size());
  return offsets;
}

// Rewrites all elements, wherever they are.
Result<std::string> rewrite_encoded(std::string_view tensor, std::string_view payload,
                                    Encoding encoding, const Permutation& values) {
  std::string out;
  out.reserve(payload.size());
  for (std::string_view rest = payload; !rest.empty();) {
    const auto element = take_element(rest, encoding);
    if (!element) return malformed(tensor);
    const auto moved = rewritten(static_cast<std::int64_t>(element->number), values);
    if (!moved || !element->varint) return index_out_of_range(tensor);
    std::string shortest;
    append_varint(shortest, element->number);
    if (shortest != element->value) {
      return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) + ": a varint is overlong");
    }
    out += element->tag;
    append_varint(out, static_cast<std::uint64_t>(*moved));
  }
  if (out.size() != payload.size()) {
    return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) +
                                       ": its elements would take another number of bytes");
  }
  return out;
}

}  // namespace

Result<std::string> permute_encoded(const PayloadMove& move, std::string_view payload,
                                    std::span<const Permutation> permutations) {
  const auto axes = checked_axes(move, permutations);
  if (!axes) return fail(axes.error());
  std::uint64_t count = 1;
  for (const LayoutAxis& axis : *axes) count *= axis.extent;
  const auto offsets = element_offsets(payload, move.view.encoding, count);
  if (!offsets) return malformed(move.name);

  std::string out;
  out.reserve(payload.size());
  if (count > 0) {
    RowSource source(*axes);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t from = source(i);
      out += payload.substr((*offsets)[from], (*offsets)[from + 1] - (*offsets)[from]);
    }
  }
  if (move.values == kNone) return out;
  if (move.values >= permutations.size()) return index_out_of_range(move.name);
  return rewrite_encoded(move.name, out, move.view.encoding, permutations[move.values]);
}

Result<void> check_values(std::string_view tensor, const ElementView& view,
                          std::string_view payload, const Permutation& values) {
  if (view.encoding != Encoding::kFixed) {
    auto rewritten = rewrite_encoded(tensor, payload, view.encoding, values);
    if (!rewritten) return fail(std::move(rewritten.error()));
    return {};
  }
  const unsigned width = view.bits / 8;
  const bool padded = !view.shape.empty() && view.row_stride > view.shape.back();
  if ((width != 4 && width != 8) || padded || payload.size() % width != 0) {
    return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) + ": cannot rewrite its elements");
  }
  std::string copy(payload);
  if (!rewrite_integers(copy.data(), copy.size() / width, width, values)) {
    return index_out_of_range(tensor);
  }
  return {};
}

}  // namespace permcrypt
