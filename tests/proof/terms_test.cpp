#include "proof/terms.h"

#include <doctest/doctest.h>

namespace permcrypt::proof {
namespace {

TEST_CASE("terms: equal polynomials are one term") {
  Terms t;
  const TermId b = t.dimension("b"), s = t.dimension("s"), two = t.constant(2);
  CHECK(t.dimension("b") == b);
  CHECK(t.multiply(t.add(b, s), t.subtract(b, s)) ==
        t.subtract(t.multiply(b, b), t.multiply(s, s)));
  CHECK(t.subtract(t.add(b, two), b) == two);
  CHECK(t.unknown() != t.unknown());
  CHECK(t.value(t.subtract(b, b)) == 0);
  CHECK(!t.value(b));
}

TEST_CASE("terms: exact division") {
  Terms t;
  const TermId b = t.dimension("b"), s = t.dimension("s"), p = t.dimension("p");
  const TermId both = t.add(s, p), product = t.multiply(t.multiply(b, both), t.constant(12));
  CHECK(t.divide_exactly(product, both) == t.multiply(b, t.constant(12)));
  CHECK(t.divide_exactly(product, t.constant(4)) == t.multiply(t.multiply(b, both), t.constant(3)));
  CHECK(!t.divide_exactly(product, t.constant(5)));
  CHECK(!t.divide_exactly(product, s));
  CHECK(!t.divide_exactly(b, t.constant(0)));
}

TEST_CASE("terms: floors of floors are one floor") {
  Terms t;
  const TermId n = t.dimension("n");
  const TermId once = t.floor_divide(t.subtract(n, t.constant(10)), 5);
  CHECK(once == t.subtract(t.floor_divide(n, 5), t.constant(2)));
  CHECK(t.floor_divide(t.floor_divide(n, 5), 2) == t.floor_divide(n, 10));
  CHECK(t.floor_divide(t.add(t.multiply(n, t.constant(6)), t.constant(7)), 3) ==
        t.add(t.multiply(n, t.constant(2)), t.constant(2)));
  CHECK(t.value(t.floor_divide(t.constant(-7), 2)) == -4);
}

TEST_CASE("terms: signs") {
  Terms t;
  const TermId n = t.dimension("n");
  CHECK(t.nonnegative(t.add(n, t.constant(3))));
  CHECK(!t.nonnegative(t.subtract(n, t.constant(1))));
  CHECK(!t.nonnegative(t.unknown()));
  CHECK(t.nonnegative(t.unknown_extent()));
}

TEST_CASE("terms: an extent is not negative") {
  Terms t;
  const TermId n = t.subtract(t.dimension("n"), t.constant(1));
  CHECK(!t.nonnegative(n));
  t.is_extent(n);
  CHECK(t.nonnegative(n));
  CHECK(!t.nonnegative(t.subtract(n, t.constant(1))));
}

TEST_CASE("terms: multiples and functions") {
  Terms t;
  const TermId n = t.dimension("n"), four = t.constant(4);
  CHECK(t.is_multiple(t.add(t.multiply(n, four), t.constant(6))));
  CHECK(!t.is_multiple(t.add(t.multiply(n, four), t.constant(3))));
  CHECK(!t.is_multiple(n));
  CHECK(!t.is_multiple(t.constant(0)));
  const TermId most = t.function("max", {n, four}, true);
  CHECK(t.operands_of(most, "max") == std::vector<TermId>{n, four});
  CHECK(!t.operands_of(most, "min"));
  CHECK(!t.operands_of(t.multiply(most, four), "max"));
  CHECK(!t.operands_of(n, "max"));
}

TEST_CASE("terms: what overflows is unknown, not wrong") {
  Terms t;
  const TermId large = t.constant(INT64_MAX);
  CHECK(!t.value(t.add(large, large)));
  CHECK(!t.value(t.multiply(large, large)));
}

}  // namespace
}  // namespace permcrypt::proof
