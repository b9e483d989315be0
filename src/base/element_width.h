// Elements of a width that only the run tells.
#pragma once

#include <cstdint>

namespace permcrypt {

// Calls f with a zero of the unsigned integer type of so many bits. REQUIRES: 8, 16, 32 or 64.
template <class F>
auto with_unsigned(unsigned bits, F f) {
  switch (bits) {
    case 8:
      return f(std::uint8_t{});
    case 16:
      return f(std::uint16_t{});
    case 32:
      return f(std::uint32_t{});
    default:
      return f(std::uint64_t{});
  }
}

}  // namespace permcrypt
