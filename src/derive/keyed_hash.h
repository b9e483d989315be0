// The one function by which anything is derived from a secret key (docs/format.md, "Subkeys").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace permcrypt {

// What a derived value is for. Two that differ anywhere give independent values.
struct HashInput {
  std::string_view purpose;
  std::string_view salt = {};
  std::string_view item = {};
  std::uint64_t index = 0;
};

using KeyedHash = std::array<std::uint8_t, 32>;

// Keyed BLAKE2b-256. REQUIRES: key.size() == 32.
KeyedHash keyed_hash(std::string_view key, const HashInput& input);

}  // namespace permcrypt
