#include "base/checked.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <vector>

using namespace permcrypt;

TEST_CASE("sums and products that fit are exact") {
  CHECK(checked_add<std::uint64_t>(2, 3) == 5u);
  CHECK(checked_mul<std::int64_t>(-4, 5) == -20);
  CHECK(checked_mul<std::uint64_t>(1ull << 32, (1ull << 32) - 1) == 0xffffffff00000000ull);
}

TEST_CASE("an overflow is nothing, in both directions") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  CHECK_FALSE(checked_add<std::uint64_t>(kMost, 1));
  CHECK_FALSE(checked_add<std::int64_t>(kLeast, -1));
  CHECK_FALSE(checked_mul<std::uint64_t>(1ull << 32, 1ull << 32));
  CHECK_FALSE(checked_mul<std::int64_t>(kLeast, -1));
}

TEST_CASE("products of many factors: one for none, nothing where one on the way does not fit") {
  using Shape = std::vector<std::int64_t>;
  CHECK(checked_product<std::uint64_t>(Shape{}) == 1u);
  CHECK(checked_product<std::int64_t>(Shape{2, 3, 7}) == 42);
  CHECK(checked_product<std::uint64_t>(Shape{1ll << 62, 2}) == 1ull << 63);
  CHECK_FALSE(checked_product<std::int64_t>(Shape{1ll << 62, 2}));
  CHECK_FALSE(checked_product<std::int64_t>(Shape{1ll << 62, 2, 0}));
  CHECK(checked_product<std::int64_t>(Shape{0, 1ll << 62, 2}) == 0);
}
