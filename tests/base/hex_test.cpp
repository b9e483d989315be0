#include "base/hex.h"

#include <doctest/doctest.h>

#include <string>

using namespace permcrypt;

TEST_CASE("every byte survives hexadecimal") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(hex_decode(hex_encode(all)) == all);
  CHECK(hex_encode("\x0f\xa0") == "0fa0");
  CHECK(hex_decode("0FA0") == "\x0f\xa0");
  CHECK(hex_decode("") == "");
}

TEST_CASE("what is not hexadecimal is refused") {
  for (const char* text : {"0", "abc", "0g", "g0", " 0", "0x", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(hex_decode(text));
  }
}
