// Numbers as 8 little-endian bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace permcrypt {

inline void append_number(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i));
}

// REQUIRES: offset + 8 <= bytes.size().
inline std::uint64_t number_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t number = 0;
  for (int i = 7; i >= 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return number;
}

}  // namespace permcrypt
