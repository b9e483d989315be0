#include "derive/sealed_key.h"

#include <doctest/doctest.h>

#include "derive/bech32.h"
#include "derive/key_text.h"
#include "derive/vectors.h"

using namespace permcrypt;

namespace {

constexpr SealCost kCheap{.passes = 1, .memory_kib = 8};

// A sealed key whose stored cost is replaced.
std::string with_cost(const std::string& line, std::uint32_t passes, std::uint32_t memory_kib) {
  std::string bytes = bech32_decode(line)->bytes;
  for (int i = 0; i < 4; ++i) {
    bytes[i] = static_cast<char>(passes >> 8 * i);
    bytes[4 + i] = static_cast<char>(memory_kib >> 8 * i);
  }
  return bech32_encode(kSealedPrefix, bytes);
}

}  // namespace

TEST_CASE("sealed key: the vectors open, and sealing gives them again") {
  for (const auto& vector : vectors::load("sealed_keys")) {
    const auto& input = vector["input"];
    const SecretKey key = vectors::key_from_hex(input["secret"]);
    const std::string passphrase = input["passphrase"];
    const SealCost cost{input["passes"], input["memory_kib"]};
    const SealRandomness random{vectors::array_from_hex<16>(input["salt"]),
                                vectors::array_from_hex<24>(input["nonce"])};
    CHECK(seal_key(key, passphrase, cost, random).value() == vector["expected"]["text"]);
    const auto opened = open_sealed_key(vector["expected"]["text"].get<std::string>(), passphrase);
    REQUIRE(opened);
    CHECK(opened->bytes() == key.bytes());
  }
}

TEST_CASE("sealed key: a wrong passphrase is kKey") {
  const SecretKey key = SecretKey::generate();
  const std::string line = seal_key(key, "right", kCheap).value();
  CHECK(open_sealed_key(line, "right")->bytes() == key.bytes());
  for (const char* passphrase : {"wrong", "", "right ", "Right"}) {
    const auto opened = open_sealed_key(line, passphrase);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::kKey);
    CHECK(opened.error().message == "wrong passphrase");
  }
}

TEST_CASE("sealed key: sealing twice gives two texts, and neither holds the secret") {
  const SecretKey key = SecretKey::generate();
  const std::string first = seal_key(key, "x", kCheap).value();
  CHECK(first != seal_key(key, "x", kCheap).value());
  CHECK(bech32_decode(first)->bytes.find(key.bytes()) == std::string::npos);
}

TEST_CASE("sealed key: every byte is authenticated") {
  const std::string line = seal_key(SecretKey::generate(), "x", kCheap).value();
  const std::string bytes = bech32_decode(line)->bytes;
  for (std::size_t at = 8; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK_FALSE(open_sealed_key(bech32_encode(kSealedPrefix, damaged), "x"));
  }
  CHECK_FALSE(open_sealed_key(bech32_encode(kSealedPrefix, bytes.substr(1)), "x"));
  CHECK_FALSE(open_sealed_key(bech32_encode(kSealedPrefix, bytes + '\0'), "x"));
  CHECK_FALSE(open_sealed_key(bech32_encode(kSecretPrefix, bytes), "x"));
  CHECK_FALSE(open_sealed_key(with_cost(line, 2, 8), "x"));
}

TEST_CASE("sealed key: a cost out of bounds is refused before it is paid") {
  const std::string line = seal_key(SecretKey::generate(), "x", kCheap).value();
  const std::pair<std::uint32_t, std::uint32_t> costs[] = {
      {0, 8}, {SealCost::kMaxPasses + 1, 8},    {0xffffffffu, 8}, {1, 0},
      {1, 7}, {1, SealCost::kMaxMemoryKib + 1}, {1, 0xffffffffu}};
  for (const auto& [passes, memory_kib] : costs) {
    CAPTURE(passes);
    CAPTURE(memory_kib);
    const auto opened = open_sealed_key(with_cost(line, passes, memory_kib), "x");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::kKey);
    CHECK(opened.error().message.find("asks for too much") != std::string::npos);
  }
}

TEST_CASE("sealed key: the default cost is within its own bounds") { CHECK(SealCost{}.is_sane()); }
