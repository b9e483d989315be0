// Payloads whose elements have encodings of unequal length (packed varints, unpacked repeated
// fields): permuting moves each element's encoded bytes, and the total length stays.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "permcrypt/apply.h"

namespace permcrypt {

// The whole permuted payload. Errors (kInput): bytes that are not `shape` elements of this encoding;
// a view that does not fit the permutations; elements that cannot be rewritten, see check_values().
Result<std::string> permute_encoded(const PayloadMove& move, std::string_view payload,
                                    std::span<const Permutation> permutations);

}  // namespace permcrypt
