#include "apply/rewrite.h"

#include <bit>
#include <cstring>
#include <string>
#include <unordered_map>

#include "apply/encoded.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

static_assert(std::endian::native == std::endian::little, "payloads are little-endian");

template <class T>
bool rewrite(char* data, std::uint64_t count, const Permutation& values) {
  for (std::uint64_t i = 0; i < count; ++i, data += sizeof(T)) {
    T element;
    std::memcpy(&element, data, sizeof(T));
    const auto moved = rewritten(element, values);
    if (!moved) return false;
    element = static_cast<T>(*moved);
    std::memcpy(data, &element, sizeof(T));
  }
  return true;
}

template <class T>
bool all_within(std::string_view payload, std::uint64_t extent) {
  for (std::size_t at = 0; at < payload.size(); at += sizeof(T)) {
    T element;
    std::memcpy(&element, payload.data() + at, sizeof(T));
    if (!is_index(element, extent)) return false;
  }
  return true;
}

tl::unexpected<Error> not_rewritable(std::string_view tensor, std::string_view why) {
  return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) +
                                     ": its elements cannot be rewritten: " + std::string(why));
}

Result<void> check_varints(std::string_view tensor, Encoding encoding, std::string_view payload,
                           std::uint64_t extent) {
  std::unordered_map<std::uint64_t, std::uint64_t> uses;  // of non-negative elements
  for (std::uint64_t at = 0; at < payload.size();) {
    const auto element = read_element(payload, at, encoding);
    if (!element || !element->number) return not_rewritable(tensor, "they are no integers");
    if (!is_index(static_cast<std::int64_t>(*element->number), extent)) {
      return index_out_of_range(tensor);
    }
    if (!is_shortest(*element)) return not_rewritable(tensor, "a varint is longer than needed");
    if (static_cast<std::int64_t>(*element->number) >= 0) ++uses[*element->number];
    at = element->end;
  }
  // One byte each, or all indices equally often: then the order does not change the total. Negative
  // ones always take ten bytes.
  if (extent <= 128 || uses.empty()) return {};
  bool even = uses.size() == extent;
  for (const auto& [index, count] : uses) even = even && count == uses.begin()->second;
  if (!even) return not_rewritable(tensor, "their varints would take another number of bytes");
  return {};
}

}  // namespace

bool rewrite_integers(char* data, std::uint64_t count, unsigned width, const Permutation& values) {
  return width == 4 ? rewrite<std::int32_t>(data, count, values)
                    : rewrite<std::int64_t>(data, count, values);
}

tl::unexpected<Error> index_out_of_range(std::string_view tensor) {
  return fail(ErrorKind::kInput, "tensor " + in_quotes(tensor) +
                                     ": an element is no index of the axis it selects from");
}

Result<void> check_rewritable(std::string_view tensor, const ElementView& view,
                              std::string_view payload, std::uint64_t extent) {
  if (view.encoding != Encoding::kFixed) {
    return check_varints(tensor, view.encoding, payload, extent);
  }
  const bool padded = !view.shape.empty() && view.row_stride > view.shape.back();
  if ((view.bits != 32 && view.bits != 64) || padded || payload.size() % (view.bits / 8) != 0) {
    return not_rewritable(tensor, "they are no 32- or 64-bit integers");
  }
  const bool within = view.bits == 32 ? all_within<std::int32_t>(payload, extent)
                                      : all_within<std::int64_t>(payload, extent);
  if (!within) return index_out_of_range(tensor);
  return {};
}

}  // namespace permcrypt
