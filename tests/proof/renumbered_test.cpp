#include "proof/renumbered.h"

#include <doctest/doctest.h>

#include <numeric>

#include "apply/naive.h"

namespace permcrypt::proof {
namespace {

using test::Case;
using test::make_case;

std::vector<Renumbering::Order> orders_of(const Case& c) {
  std::vector<Renumbering::Order> orders;
  for (const std::uint32_t axis : c.move.axes) {
    orders.push_back(axis == kNone ? Renumbering::Order() : c.permutations[axis].old_of_new());
  }
  return orders;
}

bool holds(const Case& c, const std::string& encrypted) {
  const Renumbering claim(c.move.view, orders_of(c), {}, 0);
  const Payload there{encrypted}, here{c.payload};
  for (std::uint64_t part = 0; part < claim.parts(there, here); ++part) {
    if (!claim.holds(there, here, part)) return false;
  }
  return true;
}

// The permuted payload is accepted; with one element changed, wherever it is, it is refuted.
void check(const Case& c, std::mt19937& random, std::uint64_t changes) {
  const std::string encrypted = test::naive_gather(c.move, c.payload, c.permutations);
  INFO(c.move.view.bits, " bits, ", encrypted.size(), " bytes");
  CHECK(holds(c, encrypted));
  bool refuted = true;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(changes, encrypted.size()); ++i) {
    std::string changed = encrypted;
    const bool all = changes >= encrypted.size();
    changed[all ? i : random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    refuted &= !holds(c, changed);
  }
  CHECK(refuted);
}

TEST_CASE("every changed byte of rows that are compared together is found") {
  std::mt19937 random(11);
  for (const unsigned bits : {4u, 8u, 16u, 32u, 64u, 128u}) {
    for (const std::uint64_t rows : {1, 3, 16, 19}) {
      for (const std::uint64_t columns : {2, 6, 34}) {
        for (const unsigned moving : {1u, 2u, 3u}) {
          check(make_case({rows, columns}, moving, bits, 0, random), random, 1 << 14);
        }
      }
    }
  }
}

TEST_CASE("rows of half bytes, long rows, several axes") {
  std::mt19937 random(12);
  check(make_case({6, 7}, 3, 4, 0, random), random, 1000);
  check(make_case({2, 70'000}, 3, 8, 0, random), random, 20);
  check(make_case({40, 40'000}, 2, 16, 0, random), random, 20);
  check(make_case({5, 3, 66}, 7, 32, 0, random), random, 1000);
  check(make_case({9, 4, 30}, 6, 4, 0, random), random, 1000);
}

TEST_CASE("payloads that are too short, and orders of another length, hold nothing") {
  std::mt19937 random(13);
  const Case c = make_case({20, 8}, 3, 8, 0, random);
  const std::string encrypted = test::naive_gather(c.move, c.payload, c.permutations);
  CHECK_FALSE(holds(c, encrypted.substr(1)));
  std::vector<std::uint32_t> other(7);
  std::iota(other.begin(), other.end(), 0u);
  const Renumbering wrong(c.move.view, {{}, other}, {}, 0);
  CHECK_FALSE(wrong.holds({c.payload}, {c.payload}, 0));
}

}  // namespace
}  // namespace permcrypt::proof
