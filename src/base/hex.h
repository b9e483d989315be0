// Bytes as lower-case hexadecimal text, two digits a byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace permcrypt {

std::string hex_encode(std::string_view bytes);

// Nothing when the text has an odd length or a character that is no hexadecimal digit. Both cases
// of letters are read.
std::optional<std::string> hex_decode(std::string_view text);

}  // namespace permcrypt
