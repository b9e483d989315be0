#include "verify/tensor_data.h"

#include <doctest/doctest.h>

#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;

TEST_CASE("element counts do not overflow") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({2, 3}) == 6);
  CHECK(element_count({2, 0, 3}) == 0);
  CHECK(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}) == std::nullopt);
  CHECK(element_count({0, -1}) == std::nullopt);
}

TEST_CASE("byte sizes") {
  CHECK(byte_size(onnx::TensorProto::DOUBLE, {2, 3}) == 48);
  CHECK(byte_size(22 /* INT4 */, {3}) == 2);
  CHECK(byte_size(onnx::TensorProto::STRING, {3}) == std::nullopt);
  CHECK(byte_size(onnx::TensorProto::INT64, {std::int64_t{1} << 60}) == std::nullopt);
}

TEST_CASE("every numeric type widens to double") {
  using Proto = onnx::TensorProto;
  const std::vector<double> expected = {1, 2};
  CHECK(to_doubles(tensor<float>("x", Proto::FLOAT, {2}, {1, 2})) == expected);
  CHECK(to_doubles(tensor<double>("x", Proto::DOUBLE, {2}, {1, 2})) == expected);
  CHECK(to_doubles(tensor<std::uint16_t>("x", Proto::FLOAT16, {2}, {0x3c00, 0x4000})) == expected);
  CHECK(to_doubles(tensor<std::uint16_t>("x", Proto::BFLOAT16, {2}, {0x3f80, 0x4000})) == expected);
  CHECK(to_doubles(tensor<std::int8_t>("x", Proto::INT8, {2}, {1, 2})) == expected);
  CHECK(to_doubles(tensor<std::uint64_t>("x", Proto::UINT64, {2}, {1, 2})) == expected);
  CHECK_FALSE(to_doubles(tensor<double>("x", Proto::COMPLEX64, {2}, {1, 2})).has_value());
}

TEST_CASE("integers keep their sign and all their bits") {
  using Proto = onnx::TensorProto;
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  CHECK(to_integers(integers("x", {2}, {large, -1})) == std::vector<std::int64_t>{large, -1});
  CHECK(to_integers(tensor<std::int8_t>("x", Proto::INT8, {1}, {-3})) ==
        std::vector<std::int64_t>{-3});
  CHECK(to_integers(tensor<std::uint8_t>("x", Proto::UINT8, {1}, {253})) ==
        std::vector<std::int64_t>{253});
  CHECK_FALSE(to_integers(floats("x", {1}, {1})).has_value());
}
