#include "verify/compare.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;
using doctest::Approx;

TEST_CASE("compare: equal outputs") {
  const TensorData x = floats("x", {4}, {1, 2, 3, 4});
  const OutputDifference difference = compare_tensors(x, x).value();
  CHECK(difference.mismatch.empty());
  CHECK(difference.elements == 4);
  CHECK(difference.differing == 0);
  CHECK(difference.max_relative == 0);
  CHECK(difference.smallest_tolerance == 0);
  CHECK(difference.cosine == Approx(1));
}

TEST_CASE("compare: relative errors are in standard deviations of the expected output") {
  const auto difference =
      compare_tensors(floats("x", {4}, {1, 3, 1, 3}), floats("x", {4}, {1, 3, 1.5, 4})).value();
  CHECK(difference.differing == 0.5);
  CHECK(difference.max_absolute == Approx(1));
  CHECK(difference.mean_absolute == Approx(1.5 / 4));
  CHECK(difference.p99_absolute == Approx(1));
  CHECK(difference.max_relative == Approx(1));           // the deviation is 1
  CHECK(difference.smallest_tolerance == Approx(0.25));  // 0.5 / (1 + 1) and 1 / (1 + 3)
}

TEST_CASE("compare: the unit for equal elements is their size, and 1 for zeros") {
  const auto constant = compare_tensors(floats("x", {2}, {4, 4}), floats("x", {2}, {4, 5})).value();
  CHECK(constant.max_relative == Approx(0.25));
  const auto zeros = compare_tensors(floats("x", {2}, {0, 0}), floats("x", {2}, {0, 3})).value();
  CHECK(zeros.max_relative == Approx(3));
  CHECK(zeros.cosine == 0);
}

TEST_CASE("compare: results that are nearly one number are rounded like it") {
  const auto near = [](float error) {
    return compare_tensors(floats("x", {2}, {1, 1 - 0x1p-20f}),
                           floats("x", {2}, {1 - error, 1 - 0x1p-20f}))
        .value();
  };
  CHECK(near(0x1p-22f).max_relative == Approx(0.5));
  CHECK(near(0x1p-22f).relative_beyond(0x1p-21) == 0);
  CHECK(near(0x1p-20f).relative_beyond(0x1p-21) == Approx(2));
  OutputDifference other_type = compare_tensors(floats("x", {1}, {1}), floats("x", {1}, {1})).value();
  other_type.mismatch = "type int64 instead of float";
  CHECK(std::isinf(other_type.relative_beyond(1)));
}

TEST_CASE("compare: the 99th percentile leaves out one element of a hundred") {
  std::vector<float> expected(100), actual(100);
  for (int i = 0; i < 100; ++i) expected[i] = static_cast<float>(i % 2);
  actual = expected;
  actual[50] += 8;
  actual[60] += 2;
  const auto difference =
      compare_tensors(floats("x", {100}, expected), floats("x", {100}, actual)).value();
  CHECK(difference.max_absolute == Approx(8));
  CHECK(difference.p99_absolute == Approx(2));
}

TEST_CASE("compare: NaNs and infinities must be in the same places") {
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  const auto same_places =
      compare_tensors(floats("x", {3}, {nan, inf, 1}), floats("x", {3}, {nan, inf, 1})).value();
  CHECK(same_places.mismatch.empty());
  CHECK(same_places.max_relative == 0);
  for (const std::vector<float>& other :
       {std::vector<float>{1, inf, 1}, {nan, -inf, 1}, {nan, inf, nan}, {nan, 1, 1}}) {
    const auto difference =
        compare_tensors(floats("x", {3}, {nan, inf, 1}), floats("x", {3}, other)).value();
    CHECK_FALSE(difference.mismatch.empty());
    CHECK(std::isinf(difference.max_relative));
    CHECK(std::isinf(difference.smallest_tolerance));
  }
}

TEST_CASE("compare: another shape or type is a difference, not an error") {
  const auto shape = compare_tensors(floats("x", {2}, {1, 2}), floats("x", {1, 2}, {1, 2})).value();
  CHECK(shape.mismatch == "shape [1, 2] instead of [2]");
  CHECK(std::isinf(shape.max_relative));
  const auto type = compare_tensors(floats("x", {1}, {1}), integers("x", {1}, {1})).value();
  CHECK(type.mismatch == "type int64 instead of float32");
}

TEST_CASE("compare: integers count by the share that differs") {
  const auto difference =
      compare_tensors(integers("x", {4}, {1, 2, 3, 4}), integers("x", {4}, {1, 2, 3, 40})).value();
  CHECK(difference.integers);
  CHECK(difference.differing == 0.25);
  CHECK(difference.max_relative == 0);
  CHECK(difference.top_one.positions == 0);
}

TEST_CASE("compare: top-1 agreement") {
  // Three of four rows choose alike.
  const auto difference =
      compare_tensors(floats("x", {2, 2, 3}, {9, 1, 1, 1, 9, 1, 1, 1, 9, 9, 1, 1}),
                      floats("x", {2, 2, 3}, {5, 1, 1, 1, 5, 1, 1, 1, 5, 1, 5, 1}))
          .value();
  CHECK(difference.top_one.positions == 4);
  CHECK(difference.top_one.agreeing == 3);
  CHECK(difference.top_one.agreement() == Approx(0.75));
  CHECK(difference.top_one.chance == Approx(1.0 / 3));  // frequencies alone: 5 / 16
}

TEST_CASE("compare: two results that always choose one class agree by chance") {
  std::vector<float> same_choice;
  for (int i = 0; i < 300; ++i) same_choice.insert(same_choice.end(), {1, 0});
  const TensorData constant = floats("x", {300, 2}, same_choice);
  const TopOne unrelated = compare_tensors(constant, constant).value().top_one;
  CHECK(unrelated.agreement() == 1);
  CHECK(unrelated.p_value == 1);

  std::vector<float> varied;
  for (int i = 0; i < 300; ++i) varied.insert(varied.end(), {0, i % 2 == 0 ? 1.0f : -1.0f});
  const TensorData alternating = floats("x", {300, 2}, varied);
  const TopOne related = compare_tensors(alternating, alternating).value().top_one;
  CHECK(related.chance == Approx(0.5));
  CHECK(related.p_value < 1e-80);
}

TEST_CASE("compare: integers of which one is frequent differ little by chance") {
  std::vector<std::int64_t> expected(100, 7), actual(100, 7);
  for (std::size_t i = 0; i < 100; i += 10) expected[i] = actual[i + 3] = 8;
  const auto unrelated =
      compare_tensors(integers("x", {100}, expected), integers("x", {100}, actual)).value();
  CHECK(unrelated.differing == Approx(0.2));
  CHECK(unrelated.beyond_chance == Approx(0.2 / 0.18));
  CHECK(unrelated.equal_values.agreeing == 80);
  for (std::size_t i = 0; i < 100; i += 10) actual[i] = 8;  // all that is rare, and as much more
  const auto related =
      compare_tensors(integers("x", {100}, expected), integers("x", {100}, actual)).value();
  CHECK(related.beyond_chance == Approx(0.1 / 0.26));
  CHECK(compare_tensors(integers("x", {100}, expected), integers("x", {100}, expected))
            .value()
            .beyond_chance == 0);
}

TEST_CASE("compare: outputs are matched by name") {
  const std::vector<TensorData> expected = {floats("a", {1}, {1}), floats("b", {1}, {2})};
  const std::vector<TensorData> swapped = {floats("b", {1}, {2}), floats("a", {1}, {1})};
  const auto differences = compare_outputs(expected, swapped).value();
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].name == "a");
  CHECK(differences[0].max_absolute == 0);
  CHECK(differences[1].max_absolute == 0);
  CHECK_FALSE(compare_outputs(expected, std::span(swapped).first(1)).has_value());
}
