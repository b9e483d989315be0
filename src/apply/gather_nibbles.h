// Gathering elements of 4 bits, the low half of a byte first.
#pragma once

#include <cstdint>
#include <string_view>

#include "apply/layout.h"

namespace permcrypt {

// Bytes [first, last) of the permuted payload. REQUIRES: as Gather::render().
void copy_nibbles(const Layout& layout, std::string_view payload, std::uint64_t first,
                  std::uint64_t last, char* out);

}  // namespace permcrypt
