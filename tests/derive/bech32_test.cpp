#include "derive/bech32.h"

#include <doctest/doctest.h>

using namespace permcrypt;

TEST_CASE("bech32: the valid strings of BIP 173 decode and encode back") {
  for (const char* text : {
           "A12UEL5L",
           "a12uel5l",
           "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio"
           "1tt5tgs",
           "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
           "?1ezyfcl",
       }) {
    CAPTURE(text);
    const auto decoded = bech32_decode(text);
    REQUIRE(decoded);
    CHECK(bech32_encode(decoded->prefix, decoded->bytes) == text);
  }
}

TEST_CASE("bech32: the invalid strings of BIP 173 do not decode") {
  for (const char* text : {
           "\x20"
           "1nwldj5",
           "\x7f"
           "1axkwrx",
           "\x80"
           "1eym55h",
           "pzry9x0s0muk",
           "1pzry9x0s0muk",
           "x1b4n0q5v",
           "li1dgmt3",
           "de1lg7wt\xff",
           "A1G7SGD8",
           "10a06t8",
           "1qzzfhee",
           "A12uEL5L",
           "",
           "1",
           "a1",
       }) {
    CAPTURE(text);
    CHECK_FALSE(bech32_decode(text));
  }
}

TEST_CASE("bech32: bytes of every length come back, beyond 90 characters too") {
  std::string bytes;
  for (int length = 0; length < 200; ++length) {
    CAPTURE(length);
    const std::string text = bech32_encode("permcrypt", bytes);
    const auto decoded = bech32_decode(text);
    REQUIRE(decoded);
    CHECK(decoded->bytes == bytes);
    CHECK(decoded->prefix == "permcrypt");
    bytes.push_back(static_cast<char>(length * 37));
  }
}

TEST_CASE("bech32: the case of the prefix is the case of the text") {
  CHECK(bech32_encode("A", "") == "A12UEL5L");
  CHECK(bech32_encode("a", "") == "a12uel5l");
  CHECK(bech32_decode("A12UEL5L")->prefix == "A");
}

TEST_CASE("bech32: any single wrong character is noticed") {
  const std::string text = bech32_encode("key", "some secret bytes");
  for (std::size_t at = 4; at < text.size(); ++at) {
    for (char c : std::string("qpzry9x8gf2tvdw0s3jn54khce6mua7lb1io")) {
      if (text[at] == c) continue;
      std::string damaged = text;
      damaged[at] = c;
      CHECK_FALSE(bech32_decode(damaged));
    }
  }
}

TEST_CASE("bech32: bits left over must be zero and fewer than a character") {
  // All with a good checksum.
  REQUIRE(bech32_decode("a1qqqd87cq"));
  CHECK(bech32_decode("a1qqqd87cq")->bytes == std::string(1, '\0'));
  for (const char* text : {"a1q3g6mn3", "a1qpamnt9j", "a1qzngxatd", "a1qqqd87cpp"}) {
    CAPTURE(text);
    CHECK_FALSE(bech32_decode(text));
  }
}
