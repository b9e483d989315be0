#include "base/quote.h"

#include "base/hex.h"

namespace permcrypt {

std::string in_quotes(std::string_view name) {
  constexpr std::size_t kShown = 120;
  std::string text = "'";
  for (char c : name.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += "\\x" + hex_encode({&c, 1});
    } else {
      text += c;
    }
  }
  if (name.size() > kShown) text += "...";
  return text + "'";
}

}  // namespace permcrypt
