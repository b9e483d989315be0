#include "apply/encoded.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "apply/layout.h"
#include "apply/rewrite.h"
#include "base/quote.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

tl::unexpected<Error> malformed(std::string_view tensor) {
  return fail(ErrorKind::kInput,
              "tensor " + in_quotes(tensor) + ": its elements are not encoded as its shape says");
}

}  // namespace

std::optional<EncodedElement> read_element(std::string_view payload, std::uint64_t begin,
                                           Encoding encoding) {
  EncodedElement element{begin, begin, begin, std::nullopt};
  auto wire_type = static_cast<std::uint64_t>(wire::Type::kVarint);
  if (encoding == Encoding::kTagged) {
    const auto tag = wire::read_varint(payload, element.value, payload.size());
    if (!tag) return std::nullopt;
    wire_type = *tag & 7;
  }
  element.end = element.value;
  switch (static_cast<wire::Type>(wire_type)) {
    case wire::Type::kVarint:
      element.number = wire::read_varint(payload, element.end, payload.size());
      if (!element.number) return std::nullopt;
      break;
    case wire::Type::kFixed64:
      element.end += 8;
      break;
    case wire::Type::kFixed32:
      element.end += 4;
      break;
    default:
      return std::nullopt;
  }
  if (element.end > payload.size()) return std::nullopt;
  return element;
}

bool is_shortest(const EncodedElement& element) {
  std::string shortest;
  wire::append_varint(shortest, *element.number);
  return shortest.size() == element.end - element.value;
}

namespace {

// Where each of `count` elements begins, and the end.
std::optional<std::vector<std::uint64_t>> element_offsets(std::string_view payload,
                                                          Encoding encoding, std::uint64_t count) {
  if (count > payload.size()) return std::nullopt;  // each takes a byte or more
  std::vector<std::uint64_t> offsets;
  offsets.reserve(count + 1);
  std::uint64_t at = 0;
  while (at < payload.size() && offsets.size() < count) {
    const auto element = read_element(payload, at, encoding);
    if (!element) return std::nullopt;
    offsets.push_back(at);
    at = element->end;
  }
  if (offsets.size() != count || at != payload.size()) return std::nullopt;
  offsets.push_back(at);
  return offsets;
}

// Rewrites all elements, wherever they are.
Result<std::string> rewrite_encoded(std::string_view tensor, std::string_view payload,
                                    Encoding encoding, const Permutation& values) {
  std::string out;
  out.reserve(payload.size());
  for (std::uint64_t at = 0; at < payload.size();) {
    const auto element = read_element(payload, at, encoding);
    if (!element || !element->number) return malformed(tensor);
    const auto moved = rewritten(static_cast<std::int64_t>(*element->number), values);
    if (!moved) return index_out_of_range(tensor);
    if (!is_shortest(*element)) {
      return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) + ": a varint is overlong");
    }
    out += payload.substr(element->begin, element->value - element->begin);
    wire::append_varint(out, static_cast<std::uint64_t>(*moved));
    at = element->end;
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

}  // namespace permcrypt
