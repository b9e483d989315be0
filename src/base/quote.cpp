#include "base/quote.h"

#include "base/hex.h"

namespace permcrypt {

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  for (char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      shown += "\\x" + hex_encode({&c, 1});
    } else {
      shown += c;
    }
  }
  if (text.size() > limit) shown += "...";
  return shown;
}

std::string in_quotes(std::string_view name) { return "'" + printable(name) + "'"; }

}  // namespace permcrypt
