#include "verify/tensor_pb.h"

#include <doctest/doctest.h>

#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

onnx::TensorProto proto(std::int32_t type, const std::vector<std::int64_t>& shape) {
  onnx::TensorProto tensor;
  tensor.set_name("x");
  tensor.set_data_type(type);
  for (const std::int64_t extent : shape) tensor.add_dims(extent);
  return tensor;
}

bool refused(const onnx::TensorProto& tensor) {
  const auto result = decode_tensor_pb(tensor.SerializeAsString());
  return !result && result.error().kind == ErrorKind::kInput;
}

}  // namespace

TEST_CASE("tensor pb: what is written reads back") {
  for (const TensorData& tensor :
       {floats("x", {2, 1}, {1, 2}), integers("", {0}, {}),
        tensor<std::uint16_t>("b", onnx::TensorProto::BFLOAT16, {}, {0x3f80})}) {
    CHECK(same(decode_tensor_pb(encode_tensor_pb(tensor)).value(), tensor));
  }
}

TEST_CASE("tensor pb: negative numbers in the wider typed field") {
  onnx::TensorProto tensor = proto(onnx::TensorProto::INT8, {2});
  tensor.add_int32_data(-5);
  tensor.add_int32_data(7);
  CHECK(to_integers(decode_tensor_pb(tensor.SerializeAsString()).value()) ==
        std::vector<std::int64_t>{-5, 7});
}

TEST_CASE("tensor pb: refusals") {
  CHECK_FALSE(decode_tensor_pb("").has_value());
  CHECK_FALSE(decode_tensor_pb("no protobuf").has_value());
  CHECK(refused(proto(onnx::TensorProto::FLOAT, {2})));  // no data
  CHECK(refused(proto(onnx::TensorProto::STRING, {0})));
  CHECK(refused(proto(onnx::TensorProto::FLOAT, {-1})));
  onnx::TensorProto external = proto(onnx::TensorProto::FLOAT, {0});
  REQUIRE_FALSE(refused(external));
  external.set_data_location(onnx::TensorProto::EXTERNAL);
  CHECK(refused(external));
  onnx::TensorProto chunked = proto(onnx::TensorProto::FLOAT, {0});
  chunked.mutable_segment()->set_begin(0);
  CHECK(refused(chunked));
}
