#include <doctest/doctest.h>
#include <sodium.h>

#include <map>

#include "derive/uniform_stream.h"
#include "derive/vectors.h"
#include "permcrypt/key.h"

using namespace permcrypt;
using vectors::array_from_hex;
using vectors::key_from_hex;
using vectors::to_hex;

namespace {

GroupId group_id(std::uint8_t number) {
  GroupId id{};
  id[0] = number;
  return id;
}

std::string blake2b_of(const std::vector<std::uint32_t>& order) {
  std::string bytes;
  for (std::uint32_t value : order) {
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(value >> 8 * i));
  }
  std::array<unsigned char, 32> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return to_hex(hash);
}

}  // namespace

TEST_CASE("key schedule: salts are those of the vectors") {
  for (const auto& vector : vectors::load("salts")) {
    const Salt salt = derive_salt(key_from_hex(vector["input"]["secret"]),
                                  vectors::from_hex(vector["input"]["content"]));
    CHECK(to_hex(salt) == vector["expected"]["salt"]);
  }
}

TEST_CASE("key schedule: subkeys are those of the vectors") {
  for (const auto& vector : vectors::load("subkeys")) {
    const auto& input = vector["input"];
    const KeySchedule schedule(key_from_hex(input["secret"]), array_from_hex<32>(input["salt"]));
    const auto subkey = schedule.subkey(input["purpose"].get<std::string>(),
                                        vectors::from_hex(input["item"]), input["index"]);
    CHECK(to_hex(subkey) == vector["expected"]["subkey"]);
  }
}

TEST_CASE("key schedule: draws, rejected ones too, are those of the vectors") {
  for (const auto& vector : vectors::load("draws")) {
    UniformStream stream(array_from_hex<32>(vector["input"]["key"]));
    std::vector<std::uint32_t> values;
    for (std::uint32_t bound : vector["input"]["bounds"]) values.push_back(stream.below(bound));
    CHECK(values == vector["expected"]["values"].get<std::vector<std::uint32_t>>());
  }
}

TEST_CASE("key schedule: permutations are those of the vectors") {
  for (const auto& vector : vectors::load("permutations")) {
    const auto& input = vector["input"];
    const auto& expected = vector["expected"];
    const KeySchedule schedule(key_from_hex(input["secret"]), array_from_hex<32>(input["salt"]));
    const Permutation permutation = schedule.permutation(
        array_from_hex<32>(input["group"]), input["size"], input["fibre"], input["redraws"]);
    if (expected.contains("order")) {
      CHECK(permutation == vectors::permutation_from(expected["order"]));
    } else {
      CHECK(blake2b_of(permutation.old_of_new()) == expected["order_blake2b"]);
    }
  }
}

TEST_CASE("key schedule: nothing to permute gives nothing") {
  const KeySchedule schedule(SecretKey::generate(), Salt{});
  CHECK(schedule.permutation(group_id(0), 0).size() == 0);
  CHECK(schedule.permutation(group_id(0), 1) == Permutation::identity(1));
}

TEST_CASE("key schedule: all permutations but the identity are equally likely") {
  const KeySchedule schedule(SecretKey::from_bytes(std::string(32, 's')), Salt{});
  constexpr int kDraws = 23'000;
  for (std::uint32_t redraws : {0u, 1u}) {
    std::map<std::vector<std::uint32_t>, int> count;
    for (int fibre = 0; fibre < kDraws; ++fibre) {
      ++count[schedule.permutation(group_id(4), 4, fibre, redraws).old_of_new()];
    }
    REQUIRE(count.size() == 23);
    CHECK_FALSE(count.contains({0, 1, 2, 3}));
    double chi_squared = 0;
    for (const auto& [order, seen] : count) {
      chi_squared += (seen - kDraws / 23.0) * (seen - kDraws / 23.0) / (kDraws / 23.0);
    }
    CHECK(chi_squared < 48.3);  // 22 degrees of freedom: one stream in a thousand exceeds it
  }
}

TEST_CASE("key schedule: keys, salts, groups and fibres each change the permutation") {
  const SecretKey key = SecretKey::from_bytes(std::string(32, 'a'));
  const Salt salt{1};
  const Permutation first = KeySchedule(key, salt).permutation(group_id(1), 100);
  CHECK(first == KeySchedule(key, salt).permutation(group_id(1), 100));
  CHECK(first != KeySchedule(key, salt).permutation(group_id(2), 100));
  CHECK(first != KeySchedule(key, salt).permutation(group_id(1), 100, 1));
  CHECK(first != KeySchedule(key, salt).permutation(group_id(1), 100, 0, 1));
  CHECK(first != KeySchedule(key, Salt{2}).permutation(group_id(1), 100));
  const SecretKey other = SecretKey::from_bytes(std::string(32, 'b'));
  CHECK(first != KeySchedule(other, salt).permutation(group_id(1), 100));
}
