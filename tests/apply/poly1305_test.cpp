#include "apply/poly1305.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include <string>

using namespace permcrypt;

namespace {

std::string some_bytes(std::size_t length) {
  std::string bytes(length, '\0');
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>(i * i % 251 + i / 7);
  return bytes;
}

Poly1305Tag by_libsodium(std::string_view bytes, const Poly1305Key& once) {
  Poly1305Tag tag;
  crypto_onetimeauth(tag.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     once.data());
  return tag;
}

}  // namespace

// RFC 8439, section 2.5.2.
TEST_CASE("poly1305: the example of the standard") {
  const Poly1305Key once = {0x85, 0xd6, 0xbe, 0x78, 0x57, 0x55, 0x6d, 0x33, 0x7f, 0x44, 0x52,
                            0xfe, 0x42, 0xd5, 0x06, 0xa8, 0x01, 0x03, 0x80, 0x8a, 0xfb, 0x0d,
                            0xb2, 0xfd, 0x4a, 0xbf, 0xf6, 0xaf, 0x41, 0x49, 0xf5, 0x1b};
  const Poly1305Tag tag = {0xa8, 0x06, 0x1d, 0xc1, 0x30, 0x51, 0x36, 0xc6,
                           0xc2, 0x2b, 0x8b, 0xaf, 0x0c, 0x01, 0x27, 0xa9};
  CHECK(poly1305("Cryptographic Forum Research Group", once) == tag);
}

TEST_CASE("poly1305: whichever library computes it, the tags are the same") {
  Poly1305Key once;
  for (std::size_t i = 0; i < once.size(); ++i) once[i] = static_cast<std::uint8_t>(17 * i + 3);
  const std::string bytes = some_bytes((1 << 20) + 40);
  for (std::size_t length = 0; length < 600; ++length) {
    const auto part = std::string_view(bytes).substr(length % 16, length);
    CAPTURE(length);
    REQUIRE(poly1305(part, once) == by_libsodium(part, once));
  }
  for (std::size_t length = (1 << 20) - 40; length < (1 << 20) + 40; ++length) {
    const auto part = std::string_view(bytes).substr(0, length);
    CAPTURE(length);
    REQUIRE(poly1305(part, once) == by_libsodium(part, once));
  }
}

// Limbs at their largest: what carries wrongly shows here first.
TEST_CASE("poly1305: all ones") {
  Poly1305Key once;
  once.fill(0xff);
  for (std::size_t length : {15, 16, 17, 64, 255, 256, 1 << 16}) {
    const std::string ones(length, '\xff');
    CHECK(poly1305(ones, once) == by_libsodium(ones, once));
  }
}
