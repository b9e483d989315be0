#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/sample_models.h"

using namespace permcrypt;
using namespace std::literals;
using onnx::TensorProto;
using test::TempFolder;

namespace {

using Integers = std::vector<std::int64_t>;
using Floats = std::vector<double>;

// A model of one tensor and its reader.
struct Read {
  explicit Read(const std::function<void(TensorProto&)>& fill, std::int32_t type,
                std::vector<std::int64_t> shape) {
    onnx::ModelProto proto = test::empty_model();
    fill(test::add_tensor(proto, "t", type, shape));
    auto read = read_model(folder.write("m.onnx", proto.SerializeAsString()));
    REQUIRE(read);
    model = std::move(*read);
  }
  std::optional<Integers> integers(std::size_t limit = 100) {
    return PayloadReader(model).integers(0, limit);
  }
  std::optional<Floats> floats(std::size_t limit = 100) {
    return PayloadReader(model).floats(0, limit);
  }

  TempFolder folder;
  Model model;
};

Read raw(std::int32_t type, std::vector<std::int64_t> shape, std::string_view bytes) {
  return Read([bytes](TensorProto& t) { t.set_raw_data(std::string(bytes)); }, type,
              std::move(shape));
}

}  // namespace

TEST_CASE("raw integers of every width, with their sign") {
  CHECK(raw(TensorProto::INT8, {2}, "\x7f\x80").integers() == Integers{127, -128});
  CHECK(raw(TensorProto::UINT8, {2}, "\x7f\x80").integers() == Integers{127, 128});
  CHECK(raw(TensorProto::BOOL, {2}, "\x00\x01"sv).integers() == Integers{0, 1});
  CHECK(raw(TensorProto::INT16, {1}, "\xfe\xff").integers() == Integers{-2});
  CHECK(raw(TensorProto::UINT16, {1}, "\xfe\xff").integers() == Integers{65534});
  CHECK(raw(TensorProto::INT32, {1}, "\x01\0\0\x80"sv).integers() == Integers{-2147483647});
  CHECK(raw(TensorProto::UINT32, {1}, "\x01\0\0\x80"sv).integers() == Integers{2147483649});
  CHECK(raw(TensorProto::INT64, {1}, "\xff\xff\xff\xff\xff\xff\xff\xff"sv).integers() ==
        Integers{-1});
  CHECK(raw(22, {3}, "\x8f\x07").integers() == Integers{-1, -8, 7});  // int4, low half first
  CHECK(raw(21, {3}, "\x8f\x07").integers() == Integers{15, 8, 7});   // uint4
}

TEST_CASE("integers in typed fields") {
  Read narrow([](TensorProto& t) { t.add_int32_data(-3), t.add_int32_data(5); }, TensorProto::INT8,
              {2});
  CHECK(narrow.model.tensors[0].encoding != Encoding::kFixed);
  CHECK(narrow.integers() == Integers{-3, 5});
  Read wide([](TensorProto& t) { t.add_int64_data(-1), t.add_int64_data(1ll << 40); },
            TensorProto::INT64, {2});
  CHECK(wide.integers() == Integers{-1, 1ll << 40});
  Read unsigned_wide([](TensorProto& t) { t.add_uint64_data(~0u); }, TensorProto::UINT32, {1});
  CHECK(unsigned_wide.integers() == Integers{4294967295});
}

TEST_CASE("floats of every width") {
  CHECK(raw(TensorProto::FLOAT, {2}, "\0\0\xc0\x3f\0\0\0\xc0"sv).floats() == Floats{1.5, -2});
  CHECK(raw(TensorProto::DOUBLE, {1}, "\0\0\0\0\0\0\xf8\x3f"sv).floats() == Floats{1.5});
  CHECK(raw(TensorProto::BFLOAT16, {2}, "\xc0\x3f\x80\xff"sv).floats() ==
        Floats{1.5, -std::numeric_limits<double>::infinity()});
  // 1.5, the smallest subnormal, the largest number, minus zero
  CHECK(raw(TensorProto::FLOAT16, {4}, "\x00\x3e\x01\x00\xff\x7b\x00\x80"sv).floats() ==
        Floats{1.5, std::ldexp(1, -24), 65504, -0.0});
  CHECK(std::isnan(raw(TensorProto::FLOAT16, {1}, "\x01\x7c").floats()->at(0)));
}

TEST_CASE("floats in typed fields") {
  Read floats([](TensorProto& t) { t.add_float_data(0.25f), t.add_float_data(-8); },
              TensorProto::FLOAT, {2});
  CHECK(floats.floats() == Floats{0.25, -8});
  Read half([](TensorProto& t) { t.add_int32_data(0x3e00); }, TensorProto::FLOAT16, {1});
  CHECK(half.floats() == Floats{1.5});
  Read brain([](TensorProto& t) { t.add_int32_data(0xc000); }, TensorProto::BFLOAT16, {1});
  CHECK(brain.floats() == Floats{-2});
}

TEST_CASE("unpacked fields read like packed ones") {
  // Two fields 4 (float_data), unpacked, in an otherwise ordinary tensor: unknown to protobuf's
  // writer, so they are appended as bytes.
  TempFolder folder;
  onnx::ModelProto proto = test::empty_model();
  std::string tensor = test::add_tensor(proto, "t", TensorProto::FLOAT, {2}).SerializeAsString();
  tensor += "\x25\0\0\xc0\x3f\x25\0\0\0\xc0"sv;
  onnx::ModelProto shell = test::empty_model();
  onnx::GraphProto graph;
  REQUIRE(graph.mutable_unknown_fields());
  graph.mutable_unknown_fields()->AddLengthDelimited(5, tensor);
  shell.clear_graph();
  shell.mutable_unknown_fields()->AddLengthDelimited(7, graph.SerializeAsString());
  const auto model = read_model(folder.write("m.onnx", shell.SerializeAsString()));
  REQUIRE(model);
  CHECK(model->tensors[0].encoding == Encoding::kTagged);
  CHECK(PayloadReader(*model).floats(0, 2) == Floats{1.5, -2});
}

TEST_CASE("other types, too many elements and missing payloads are no values") {
  Read three = raw(TensorProto::INT8, {3}, "abc");
  CHECK(three.integers(3));
  CHECK_FALSE(three.integers(2));
  CHECK_FALSE(three.floats());
  CHECK_FALSE(raw(TensorProto::FLOAT, {1}, "aaaa").integers());
  CHECK_FALSE(raw(17, {1}, "a").floats());  // float8: has a payload, but no reader
  Read text([](TensorProto& t) { t.add_string_data("x"); }, TensorProto::STRING, {1});
  CHECK_FALSE(text.integers());
}

TEST_CASE("no elements are an empty list, not nothing") {
  CHECK(raw(TensorProto::INT64, {0}, "").integers(0) == Integers{});
  CHECK(raw(TensorProto::FLOAT, {2, 0}, "").floats(0) == Floats{});
}

TEST_CASE("a file that changed since it was read is an error") {
  Read model = raw(TensorProto::INT8, {3}, "abc");
  const auto path = model.model.files.front().path;
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  PayloadReader reader(model.model);
  const auto bytes = reader.bytes(*model.model.tensors[0].payload);
  REQUIRE_FALSE(bytes);
  CHECK(bytes.error().kind == ErrorKind::kInput);
  CHECK_FALSE(reader.integers(0, 3));
}
