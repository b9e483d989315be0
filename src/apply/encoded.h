// Payloads whose elements have encodings of unequal length (packed varints, unpacked repeated
// fields): permuting moves each element's encoded bytes, and the total length stays.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "permcrypt/apply.h"

namespace permcrypt {

// One element: its tag (none in packed fields), then its value.
struct EncodedElement {
  std::uint64_t begin = 0, value = 0, end = 0;
  std::optional<std::uint64_t> number;  // of a varint
};

// The element at `begin`; nothing when it is cut off or of an unknown type.
std::optional<EncodedElement> read_element(std::string_view payload, std::uint64_t begin,
                                           Encoding encoding);

// Whether a varint has no more bytes than it needs. REQUIRES: element.number.
bool is_shortest(const EncodedElement& element);

// The whole permuted payload. Errors (kInput): bytes that are not `shape` elements of this
// encoding; a view that does not fit the permutations; elements that cannot be rewritten, see
// check_rewritable().
Result<std::string> permute_encoded(const PayloadMove& move, std::string_view payload,
                                    std::span<const Permutation> permutations);

}  // namespace permcrypt
