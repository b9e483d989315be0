#include <doctest/doctest.h>

#include <set>

#include "derive/vectors.h"
#include "permcrypt/key.h"

using namespace permcrypt;

namespace {

std::string sample_text() { return SecretKey::from_bytes(std::string(32, 'k')).to_text(); }

}  // namespace

TEST_CASE("secret key: text and id are those of the vectors") {
  for (const auto& vector : vectors::load("keys")) {
    const std::string secret = vector["input"]["secret"];
    const SecretKey key = vectors::key_from_hex(secret);
    CHECK(key.to_text() == vector["expected"]["text"]);
    CHECK(key.id() == vector["expected"]["id"]);
    const auto parsed = SecretKey::parse(key.to_text());
    REQUIRE(parsed);
    CHECK(vectors::to_hex(parsed->bytes()) == secret);
  }
}

TEST_CASE("secret key: generated keys differ") {
  std::set<std::string> texts;
  for (int i = 0; i < 20; ++i) texts.insert(SecretKey::generate().to_text());
  CHECK(texts.size() == 20);
}

TEST_CASE("secret key: comments, blank lines, spaces and carriage returns do not matter") {
  const std::string line = sample_text();
  for (const std::string& text :
       {line, line + "\n", "\n\n  " + line + " \t\n\n", "# created: x\r\n" + line + "\r\n",
        "#\n# PERMCRYPT-SECRET-KEY-1\n" + line}) {
    CAPTURE(text);
    const auto key = SecretKey::parse(text);
    REQUIRE(key);
    CHECK(key->bytes() == std::string(32, 'k'));
  }
}

TEST_CASE("secret key: damaged text is kKey, and never quoted") {
  const std::string line = sample_text();
  const std::string secret = line.substr(21, 20);
  std::string lower = line, swapped = line;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  std::swap(swapped[30], swapped[32]);
  REQUIRE(swapped != line);
  for (const std::string& text :
       {std::string(), std::string("# only a comment\n"), line.substr(0, line.size() - 1),
        line + "Q", line + "\n" + line, line + "\nmore", lower, swapped,
        std::string("PERMCRYPT-SECRET-KEY-1"), line.substr(1), line + std::string(1, '\0'),
        SecretKey::from_bytes(std::string(32, 'k')).id()}) {
    const auto key = SecretKey::parse(text);
    REQUIRE_FALSE(key);
    CHECK(key.error().kind == ErrorKind::kKey);
    CHECK(key.error().message.find(secret) == std::string::npos);
    CHECK(key.error().hint.find(secret) == std::string::npos);
  }
}

TEST_CASE("secret key: every truncation and every flipped bit of a character is noticed") {
  const std::string line = sample_text();
  for (std::size_t length = 0; length < line.size(); ++length) {
    CHECK_FALSE(SecretKey::parse(line.substr(0, length)));
  }
  for (std::size_t at = 0; at < line.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = line;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      CHECK_FALSE(SecretKey::parse(damaged));
    }
  }
}

TEST_CASE("secret key: moving leaves nothing to wipe twice") {
  SecretKey a = SecretKey::from_bytes(std::string(32, 'a'));
  SecretKey b = std::move(a);
  a = SecretKey::from_bytes(std::string(32, 'c'));
  b = std::move(a);
  CHECK(b.bytes() == std::string(32, 'c'));
}

TEST_CASE("secret key: inspect tells what a key file holds") {
  const SecretKey key = SecretKey::from_bytes(std::string(32, 'k'));
  const auto plain =
      inspect_key_text("# created: 2026-11-23T10:00:00Z\n# key id: wrong\n" + key.to_text() + "\n");
  REQUIRE(plain);
  CHECK_FALSE(plain->sealed);
  CHECK(plain->id == key.id());
  CHECK(plain->created == "2026-11-23T10:00:00Z");

  const auto sealed = inspect_key_text("# key id: permcrypt1abc\nPERMCRYPT-SEALED-KEY-1XYZ\n");
  REQUIRE(sealed);
  CHECK(sealed->sealed);
  CHECK(sealed->id == "permcrypt1abc");

  CHECK(inspect_key_text("{}").error().kind == ErrorKind::kInput);
  CHECK(inspect_key_text(key.to_text() + "Q").error().kind == ErrorKind::kKey);
}
