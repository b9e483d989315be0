#include "derive/bech32.h"

#include <algorithm>
#include <cstdint>

namespace permcrypt {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;

// ASCII only: the meaning of a key must not depend on the locale.
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

// The BCH code of BIP 173, fed five bits at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (char c : prefix) feed(static_cast<unsigned char>(to_lower(c)) >> 5);
    feed(0);
    for (char c : prefix) feed(static_cast<unsigned char>(to_lower(c)) & 31u);
  }

  void feed(std::uint32_t five_bits) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                            0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ five_bits;
    for (int bit = 0; bit < 5; ++bit) {
      if (top >> bit & 1) state_ ^= kGenerator[bit];
    }
  }

  std::uint32_t state() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

}  // namespace

std::string bech32_encode(std::string_view prefix, std::string_view bytes) {
  std::string text;
  // Reserved at once, so that no copy of a secret stays behind in freed memory.
  text.reserve(prefix.size() + 1 + (bytes.size() * 8 + 4) / 5 + kChecksumSize);
  text.append(prefix).push_back('1');
  Checksum checksum(prefix);
  const auto put = [&](std::uint32_t five_bits) {
    checksum.feed(five_bits);
    text.push_back(kAlphabet[five_bits]);
  };
  std::uint32_t pending = 0;
  int pending_bits = 0;
  for (unsigned char byte : bytes) {
    pending = pending << 8 | byte;
    for (pending_bits += 8; pending_bits >= 5;) put(pending >> (pending_bits -= 5) & 31);
    pending &= 31;
  }
  if (pending_bits > 0) put(pending << (5 - pending_bits) & 31);

  for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.feed(0);
  const std::uint32_t code = checksum.state() ^ 1;
  for (int shift = 25; shift >= 0; shift -= 5) text.push_back(kAlphabet[code >> shift & 31]);
  if (std::any_of(prefix.begin(), prefix.end(), is_upper)) {
    std::transform(text.begin(), text.end(), text.begin(), to_upper);
  }
  return text;
}

std::optional<Bech32> bech32_decode(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_lower) &&
      std::any_of(text.begin(), text.end(), is_upper)) {
    return std::nullopt;
  }
  const std::size_t separator = text.rfind('1');
  if (separator == std::string_view::npos || separator == 0) return std::nullopt;
  const std::string_view prefix = text.substr(0, separator);
  const std::string_view data = text.substr(separator + 1);
  if (data.size() < kChecksumSize) return std::nullopt;
  if (std::any_of(prefix.begin(), prefix.end(), [](char c) { return c < 33 || c > 126; })) {
    return std::nullopt;
  }

  Bech32 result{std::string(prefix), {}};
  const std::size_t data_size = data.size() - kChecksumSize;
  result.bytes.reserve(data_size * 5 / 8);
  Checksum checksum(prefix);
  std::uint32_t pending = 0;
  int pending_bits = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t five_bits = kAlphabet.find(to_lower(data[i]));
    if (five_bits == std::string_view::npos) return std::nullopt;
    checksum.feed(static_cast<std::uint32_t>(five_bits));
    if (i >= data_size) continue;
    pending = pending << 5 | static_cast<std::uint32_t>(five_bits);
    pending_bits += 5;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    result.bytes.push_back(static_cast<char>(pending >> pending_bits & 255));
    pending &= (1u << pending_bits) - 1;
  }
  if (checksum.state() != 1 || pending_bits >= 5 || pending != 0) return std::nullopt;
  return result;
}

}  // namespace permcrypt
