#include "proof/orders.h"

#include <doctest/doctest.h>

#include <vector>

namespace permcrypt::proof {
namespace {

struct Setting {
  Terms t;
  Orders o{t};
  const Index heads = {2, 0, 1}, parts = {1, 3, 0, 2};

  Axis axis(Index order) {
    const TermId extent = t.constant(static_cast<std::int64_t>(order.size()));
    return {extent, o.of(std::move(order)), kDistinct};
  }
  TermId n(std::int64_t value) { return t.constant(value); }
};

TEST_CASE("orders: an axis comes apart into those that it is a product of") {
  Setting s;
  const Axis merged = s.axis(times(s.heads, s.parts));
  const auto apart = s.o.regroup(std::vector{merged}, std::vector{s.n(3), s.n(4)});
  CHECK(apart[0].order == s.o.of(s.heads));
  CHECK(apart[1].order == s.o.of(s.parts));
  CHECK(s.o.regroup(apart, std::vector{s.n(12)})[0].order == merged.order);
  CHECK_THROWS_AS(s.o.regroup(std::vector{merged}, std::vector{s.n(4), s.n(3)}), Contradiction);
}

TEST_CASE("orders: around dynamic extents") {
  Setting s;
  const TermId batch = s.t.dimension("b"), rows = s.t.dimension("s");
  const std::vector<Axis> split = {{batch}, s.axis(s.heads), {rows}, s.axis(s.parts)};
  const TermId merged = s.t.multiply(batch, s.n(3));
  const auto joined = s.o.regroup(split, std::vector{merged, rows, s.n(4)});
  CHECK(joined[0].order != kPlain);
  CHECK(joined[2].order == split[3].order);
  const auto back = s.o.regroup(joined, std::vector{batch, s.n(3), rows, s.n(4)});
  CHECK(back[0].order == kPlain);
  CHECK(back[1].order == split[1].order);
  // Another number of heads does not divide.
  CHECK_THROWS_AS(s.o.regroup(joined, std::vector{s.t.dimension("x"), s.n(2), rows, s.n(4)}),
                  NotUnderstood);
}

TEST_CASE("orders: what is beside an order may be known by the new shape only") {
  Setting s;
  const TermId batch = s.t.dimension("b"), q = s.t.dimension("q"), r = s.t.dimension("r");
  const std::vector<Axis> picture = {
      {batch}, s.axis(s.heads), {s.t.dimension("h")}, {s.t.dimension("w")}};
  const TermId rows = s.t.multiply(s.t.multiply(batch, s.n(3)), q);
  const auto folded = s.o.regroup(picture, std::vector{rows, s.n(2), r, s.n(2)});
  CHECK(folded[0].order != kPlain);
  CHECK(folded[1].order == kPlain);
  CHECK(folded[2].order == kPlain);
  const auto back = s.o.regroup(folded, std::vector{batch, s.n(3), q, s.t.multiply(r, s.n(4))});
  CHECK(back[0].order == kPlain);
  CHECK(back[1].order == picture[1].order);
  CHECK(back[2].order == kPlain);
  const TermId others = s.t.multiply(s.t.multiply(batch, s.n(5)), q);
  CHECK_THROWS_AS(s.o.regroup(picture, std::vector{others, s.n(2), r, s.n(2)}), NotUnderstood);
}

TEST_CASE("orders: parts of an axis must be closed under its order") {
  Setting s;
  const Axis halves = s.axis({1, 0, 3, 2});
  const std::vector<std::int64_t> first = {0, 1}, middle = {1, 2}, one = {3};
  CHECK(s.o.select(halves, first).order == s.o.of({1, 0}));
  CHECK_THROWS_AS(s.o.select(halves, middle), Contradiction);
  CHECK_THROWS_AS(s.o.select(halves, one), Contradiction);
  CHECK(s.o.select(s.axis({1, 0, 2, 3}), one).order == kPlain);
}

TEST_CASE("orders: runs stay together, in any order within") {
  Setting s;
  // Two runs of three and one of two: the first two change places.
  const Axis runs = s.o.runs(s.axis({5, 3, 4, 0, 2, 1, 7, 6}), 3);
  CHECK(runs.extent == s.n(3));
  CHECK(runs.order == s.o.of({1, 0, 2}));
  CHECK_THROWS_AS(s.o.runs(s.axis({0, 1, 3, 2, 4, 5, 6, 7}), 3), Contradiction);
  CHECK_THROWS_AS(s.o.runs(s.axis({6, 7, 0, 1, 2, 3, 4, 5}), 3), Contradiction);
  CHECK(s.o.runs(s.axis({1, 0}), 3).extent == s.n(1));
  const TermId dynamic = s.t.dimension("n");
  CHECK(s.o.runs({s.t.multiply(dynamic, s.n(3))}, 3).extent == dynamic);
  CHECK_THROWS_AS(s.o.runs({dynamic}, 3), NotUnderstood);
}

TEST_CASE("orders: what is picked twice repeats") {
  Setting s;
  const std::vector<std::int64_t> doubled = {0, 0, 1, 1, 2, 2};
  const Axis axis = s.o.select(s.axis(s.heads), doubled);
  CHECK(axis.order == s.o.of(times(s.heads, {0, 1})));
  // Within a pair, any order will do.
  CHECK(s.o.holds(axis, s.o.of(times(s.heads, {1, 0}))));
  CHECK(!s.o.holds(axis, s.o.of({0, 1, 2, 3, 5, 4})));
}

TEST_CASE("orders: elements meet in one order") {
  Setting s;
  const Axis a = s.axis(s.parts), b = s.axis({3, 2, 1, 0});
  CHECK(s.o.meet(a, a).order == a.order);
  CHECK(s.o.meet(a, {s.n(1)}).order == a.order);
  CHECK(s.o.meet(a, {s.n(4), kPlain, kAllSame}).order == a.order);
  CHECK_THROWS_AS(s.o.meet(a, b), Contradiction);
  CHECK_THROWS_AS(s.o.meet(a, {s.n(4)}), Contradiction);
  CHECK_THROWS_AS(s.o.meet(a, {s.t.dimension("n")}), NotUnderstood);
}

TEST_CASE("orders: a repeated axis keeps its classes through a Reshape") {
  Setting s;
  const TermId batch = s.t.dimension("b");
  const std::vector<Axis> expanded = {{batch}, s.axis(s.heads), {s.n(2), kPlain, kAllSame}};
  const TermId six = s.n(6);
  const Axis merged = s.o.regroup(expanded, std::vector{batch, six})[1];
  CHECK(s.o.holds(merged, s.o.of(times(s.heads, {1, 0}))));
  const auto through =
      s.o.regroup(std::vector<Axis>{{batch}, merged}, std::vector{s.t.multiply(batch, six)});
  const Axis again = s.o.regroup(through, std::vector{batch, six})[1];
  CHECK(again.order == merged.order);
  CHECK(again.repeats == merged.repeats);
}

TEST_CASE("orders: concatenation and locks") {
  Setting s;
  const Axis a = s.axis(s.heads), b = s.axis({1, 0});
  CHECK(s.o.concatenate(std::vector{a, b}).order == s.o.of({2, 0, 1, 4, 3}));
  CHECK_THROWS_AS(s.o.concatenate(std::vector<Axis>{a, {s.t.dimension("n")}}), NotUnderstood);
  CHECK(s.o.gather(a, {1, 2, 0}).order == kPlain);
  CHECK_THROWS_AS(s.o.gather(a, {1, 1, 0}), Contradiction);
  CHECK_THROWS_AS(s.o.gather(a, {1, 0}), Contradiction);
}

}  // namespace
}  // namespace permcrypt::proof
