#include "verify/make_inputs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;
using doctest::Approx;

namespace {

using Proto = onnx::TensorProto;

TensorInfo::Dim fixed(std::int64_t size) { return {size, ""}; }
TensorInfo::Dim dynamic(std::string name) { return {-1, std::move(name)}; }

TensorData make_one(const TensorInfo& input, const InputChoices& choices = {}) {
  return make_inputs(std::vector{input}, choices).value().at(0);
}

}  // namespace

TEST_CASE("made inputs: dynamic dimensions") {
  const std::vector<TensorInfo> inputs = {
      {"ids", Proto::INT64, {dynamic("batch"), dynamic("sequence")}},
      {"mask", Proto::INT64, {dynamic("batch"), dynamic("past + sequence")}},
      {"past.0", Proto::FLOAT, {dynamic("batch"), fixed(3), dynamic("past"), fixed(5)}},
      {"one_more", Proto::FLOAT, {dynamic("sequence + 1"), dynamic("")}}};
  InputChoices choices{.caches = {"past.0"}, .past = 4};
  auto tensors = make_inputs(inputs, choices).value();
  CHECK(tensors[0].shape == std::vector<std::int64_t>{2, 7});
  CHECK(tensors[1].shape == std::vector<std::int64_t>{2, 11});
  CHECK(tensors[2].shape == std::vector<std::int64_t>{2, 3, 4, 5});
  CHECK(tensors[3].shape == std::vector<std::int64_t>{8, 7});

  choices.dims = {{"sequence", 1}, {"batch", 3}};
  tensors = make_inputs(inputs, choices).value();
  CHECK(tensors[1].shape == std::vector<std::int64_t>{3, 5});

  choices.past = 0;
  tensors = make_inputs(inputs, choices).value();
  CHECK(tensors[2].shape == std::vector<std::int64_t>{3, 3, 0, 5});
  CHECK(tensors[2].bytes.empty());
}

TEST_CASE("made inputs: ids fill their table and stay inside") {
  const auto ids =
      to_integers(make_one({"ids", Proto::INT32, {fixed(400)}}, {.id_bounds = {{"ids", 10}}}))
          .value();
  CHECK(*std::ranges::min_element(ids) == 0);
  CHECK(*std::ranges::max_element(ids) == 9);
  const auto narrow =
      to_integers(make_one({"ids", Proto::INT8, {fixed(400)}}, {.id_bounds = {{"ids", 1000}}}))
          .value();
  CHECK(*std::ranges::min_element(narrow) >= 0);
}

TEST_CASE("made inputs: masks are ones with some zeros, none at the start of a row") {
  for (const std::int32_t type : {Proto::INT64, Proto::BOOL}) {
    const auto mask = to_integers(make_one({"mask", type, {fixed(20), fixed(10)}})).value();
    const auto ones = std::ranges::count(mask, 1), zeros = std::ranges::count(mask, 0);
    CHECK(ones + zeros == 200);
    CHECK(ones > 120);
    CHECK(zeros > 10);
    for (std::size_t row = 0; row < 200; row += 10) CHECK(mask[row] == 1);
  }
}

TEST_CASE("made inputs: padded masks are ones and then zeros, and the first row is full") {
  const InputChoices padded{.padded_masks = true};
  const auto mask =
      to_integers(make_one({"mask", Proto::INT64, {fixed(40), fixed(10)}}, padded)).value();
  CHECK(std::count(mask.begin(), mask.begin() + 10, 1) == 10);
  CHECK(std::ranges::count(mask, 0) > 40);
  for (std::size_t row = 0; row < 400; row += 10) {
    CHECK(mask[row] == 1);
    CHECK(std::is_sorted(mask.begin() + static_cast<std::ptrdiff_t>(row),
                         mask.begin() + static_cast<std::ptrdiff_t>(row) + 10, std::greater{}));
  }
}

TEST_CASE("made inputs: floats have mean 0 and deviation 1 in every type") {
  for (const std::int32_t type : {Proto::FLOAT, Proto::DOUBLE, Proto::FLOAT16, Proto::BFLOAT16}) {
    CAPTURE(type);
    const auto values = to_doubles(make_one({"x", type, {fixed(20000)}})).value();
    double sum = 0, squares = 0;
    for (const double value : values) {
      sum += value;
      squares += value * value;
      REQUIRE(std::abs(value) <= 6);
    }
    CHECK(std::abs(sum / 20000) < 0.03);
    CHECK(squares / 20000 == Approx(1).epsilon(0.03));
  }
}

TEST_CASE("made inputs: a mask of real numbers") {
  const TensorInfo input{"x", Proto::FLOAT, {fixed(40), fixed(10)}};
  const auto mask = to_doubles(make_one(input, {.masks = {"x"}})).value();
  CHECK(std::ranges::count(mask, 1.0) > 250);
  CHECK(std::ranges::count(mask, 0.0) > 40);
  CHECK(std::ranges::count(mask, 1.0) + std::ranges::count(mask, 0.0) == 400);
  for (std::size_t row = 0; row < 400; row += 10) CHECK(mask[row] == 1);
}

TEST_CASE("made inputs: the same seed gives the same numbers everywhere") {
  const TensorInfo input{"x", Proto::FLOAT, {fixed(3)}};
  CHECK(make_one(input).bytes == make_one(input).bytes);
  CHECK(make_one(input).bytes != make_one(input, {.seed = 2}).bytes);
  const auto values = to_doubles(make_one(input)).value();
  CHECK(values == std::vector<double>{-0x1.31206p+0, 0x1.61ded8p+0, -0x1.271bap-1});
}

TEST_CASE("made inputs: what cannot be made") {
  InputChoices choices;
  CHECK_FALSE(make_inputs(std::vector<TensorInfo>{{"x", Proto::STRING, {}}}, choices).has_value());
  CHECK_FALSE(make_inputs(std::vector<TensorInfo>{{"x", 0, {}}}, choices).has_value());
  choices.others = std::int64_t{1} << 40;
  const auto huge = make_inputs(
      std::vector<TensorInfo>{{"x", Proto::FLOAT, {dynamic("n"), dynamic("m"), dynamic("k")}}},
      choices);
  CHECK_FALSE(huge.has_value());
}
