#include "base/quote.h"

#include <doctest/doctest.h>

#include <string>

using namespace permcrypt;

TEST_CASE("names cannot smuggle control characters into a message") {
  CHECK(in_quotes("a/b.weight") == "'a/b.weight'");
  CHECK(in_quotes("red\x1b[31m\n") == "'red\\x1b[31m\\x0a'");
  CHECK(in_quotes("größe") == "'größe'");
}

TEST_CASE("long names are cut") {
  CHECK(in_quotes(std::string(120, 'x')) == "'" + std::string(120, 'x') + "'");
  CHECK(in_quotes(std::string(1 << 20, 'x')) == "'" + std::string(120, 'x') + "...'");
}

TEST_CASE("other text may be longer, and has no quotes") {
  CHECK(printable("a\tb") == "a\\x09b");
  CHECK(printable(std::string(200, 'x'), 150) == std::string(150, 'x') + "...");
}
