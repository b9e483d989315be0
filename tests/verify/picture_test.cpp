#include "verify/picture.h"

#include <doctest/doctest.h>

#include "verify/client_data.h"
#include "verify/test_tensors.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;
using Shape = std::vector<std::int64_t>;

// Two rows of two pixels with three channels: pixel p has 10p, 10p + 1, 10p + 2.
TensorData picture(std::int32_t type = T::UINT8) {
  if (type == T::UINT16) {
    return testing::tensor("", type, {2, 2, 3},
                           std::vector<std::uint16_t>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32});
  }
  return testing::tensor("", type, {2, 2, 3},
                         std::vector<std::uint8_t>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32});
}

TEST_CASE("a picture fits a value with channels first or last") {
  for (const std::int32_t type : {T::UINT8, T::UINT16}) {
    for (const Shape& shape : {Shape{3, 2, 2}, Shape{-1, 3, 2, 2}, Shape{1, 3, -1, -1}}) {
      const std::vector<ClientValue> values{{"ids", {-1, -1}}, {"image", shape}};
      const auto value = picture_as_value(picture(type), values);
      REQUIRE(value);
      CHECK(value->name == "image");
      CHECK(value->shape == (shape.size() == 3 ? Shape{3, 2, 2} : Shape{1, 3, 2, 2}));
      CHECK(to_integers(*value).value() ==
            std::vector<std::int64_t>{0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32});
      CHECK(testing::same(value_as_picture(*value, picture(type)), picture(type)));
    }
    const std::vector<ClientValue> values{{"image", {-1, 2, 2, 3}}};
    const auto value = picture_as_value(picture(type), values);
    REQUIRE(value);
    CHECK(value->shape == Shape{1, 2, 2, 3});
    CHECK(value->bytes == picture(type).bytes);
    CHECK(testing::same(value_as_picture(*value, picture(type)), picture(type)));
  }
}

TEST_CASE("a picture that fits nothing, or two things, is refused") {
  const std::vector<std::vector<ClientValue>> models{
      {},
      {{"image", {}}},
      {{"image", {-1, 12}}},
      {{"image", {-1, 1, 2, 2}}},
      {{"image", {2, 3, 2, 2}}},
      {{"image", {-1, 3, 2, 4}}},
      {{"image", {-1, -1, -1, -1}}},
      {{"image", {-1, 3, 2, 2}}, {"other", {3, 2, 2}}}};
  for (const auto& values : models) {
    const auto value = picture_as_value(picture(), values);
    REQUIRE_FALSE(value);
    CHECK(value.error().kind == ErrorKind::kInput);
  }
}

TEST_CASE("maps of channels are told from maps of places") {
  const std::vector<ClientValue> values{{"image", {-1, 3, 2, 2}}};
  const auto value = picture_as_value(picture(), values).value();
  const ClientMap rows{Carrier::kInput, "image", false, 2, {}, {Permutation({1, 0})}};
  const ClientMap channels{Carrier::kInput, "image", false, 1, {}, {Permutation({2, 0, 1})}};
  const ClientMap out{Carrier::kOutput, "image", false, 1, {}, {Permutation({2, 0, 1})}};
  CHECK_FALSE(channels_move(value, picture(), std::vector{rows}).value());
  CHECK(channels_move(value, picture(), std::vector{rows, channels}).value());
  CHECK(channels_move(value, picture(), std::vector{out}).value());
  const auto moved = scrambled({value}, std::vector{rows}).value();
  CHECK(to_integers(value_as_picture(moved[0], picture())).value() ==
        std::vector<std::int64_t>{20, 21, 22, 30, 31, 32, 0, 1, 2, 10, 11, 12});

  const std::vector<ClientValue> last{{"image", {-1, 2, 2, 3}}};
  const auto flat = picture_as_value(picture(), last).value();
  const ClientMap colours{Carrier::kInput, "image", false, 3, {}, {Permutation({2, 0, 1})}};
  CHECK_FALSE(channels_move(flat, picture(), std::vector{rows}).value());
  CHECK(channels_move(flat, picture(), std::vector{colours}).value());
}

}  // namespace
}  // namespace permcrypt
