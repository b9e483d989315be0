// Bech32 (BIP 173) for keys: a human-readable prefix, "1", 5 bits per character, and a checksum of
// six characters. As in age, there is no limit of 90 characters, and the case of the prefix is the
// case of the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace permcrypt {

struct Bech32 {
  std::string prefix;  // in the case in which it was written
  std::string bytes;
};

// REQUIRES: prefix is not empty, printable ASCII, of one case.
std::string bech32_encode(std::string_view prefix, std::string_view bytes);

// Nothing when the text is not Bech32: mixed case, a foreign character, a wrong checksum, or
// padding that is not zero or longer than needed.
std::optional<Bech32> bech32_decode(std::string_view text);

}  // namespace permcrypt
