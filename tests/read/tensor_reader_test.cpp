// Where payloads are found, in every encoding, and which cannot be moved.
#include "read/tensor_reader.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/onnx_fields.h"
#include "read/sample_models.h"
#include "read/wire.h"

using namespace permcrypt;
using namespace std::literals;
using onnx::TensorProto;
namespace field = onnx_field::tensor;

namespace {

// A TensorProto in wire format, so that it can say what protobuf would never write.
class TensorBytes {
 public:
  TensorBytes(std::int32_t type, std::initializer_list<std::int64_t> shape) {
    for (std::int64_t dim : shape) varint(field::kDims, static_cast<std::uint64_t>(dim));
    varint(field::kDataType, static_cast<std::uint64_t>(type));
  }
  TensorBytes& varint(std::uint32_t number, std::uint64_t value) {
    wire::append_tag(bytes_, number, wire::Type::kVarint);
    wire::append_varint(bytes_, value);
    return *this;
  }
  TensorBytes& chunk(std::uint32_t number, std::string_view content) {
    wire::append_bytes(bytes_, number, content);
    return *this;
  }
  TensorBytes& float32(std::string_view four_bytes) {
    wire::append_tag(bytes_, field::kFloatData, wire::Type::kFixed32);
    bytes_ += four_bytes;
    return *this;
  }

  // Reads it as the only initializer of a model.
  Result<Tensor> read() const {
    test::TempFolder folder;
    onnx::ModelProto model = test::empty_model();
    std::string graph;
    wire::append_bytes(graph, onnx_field::graph::kInitializer, bytes_);
    std::string file = model.SerializeAsString();
    model.clear_graph();
    file = model.SerializeAsString();
    wire::append_bytes(file, onnx_field::model::kGraph, graph);
    auto read = read_model(folder.write("m.onnx", file));
    if (!read) return fail(read.error());
    REQUIRE(read->tensors.size() == 1);
    Tensor tensor = read->tensors.front();
    if (tensor.payload) payload_ = file.substr(tensor.payload->offset, tensor.payload->length);
    return tensor;
  }

  // The bytes of the payload that the last read() found.
  const std::string& payload() const { return payload_; }

 private:
  std::string bytes_;
  mutable std::string payload_;
};

void check_payload(const TensorBytes& bytes, Encoding encoding, std::string_view payload) {
  const auto tensor = bytes.read();
  REQUIRE(tensor);
  CHECK(tensor->unmovable.empty());
  CHECK(tensor->encoding == encoding);
  CHECK(bytes.payload() == payload);
}

void check_unmovable(const TensorBytes& bytes, std::string_view why) {
  const auto tensor = bytes.read();
  REQUIRE(tensor);
  CHECK_FALSE(tensor->payload);
  CHECK(tensor->unmovable == why);
}

void check_refused(const TensorBytes& bytes) {
  const auto tensor = bytes.read();
  REQUIRE_FALSE(tensor);
  CHECK(tensor.error().kind == ErrorKind::kInput);
  CHECK_FALSE(tensor.error().hint.empty());
}

}  // namespace

TEST_CASE("raw data is one fixed payload of the length that type and shape need") {
  check_payload(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kRawData, "aaaabbbb"),
                Encoding::kFixed, "aaaabbbb");
  check_payload(TensorBytes(22, {3}).chunk(field::kRawData, "ab"), Encoding::kFixed, "ab");
  check_payload(TensorBytes(TensorProto::UINT8, {}).chunk(field::kRawData, "a"), Encoding::kFixed,
                "a");
  check_refused(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kRawData, "aaaabbb"));
  check_refused(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kRawData, "aaaabbbbc"));
  check_refused(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kRawData, ""));
  check_refused(TensorBytes(TensorProto::FLOAT, {2}));
}

TEST_CASE("packed floats are fixed, packed integers are varints") {
  check_payload(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kFloatData, "aaaabbbb"),
                Encoding::kFixed, "aaaabbbb");
  check_payload(TensorBytes(TensorProto::COMPLEX64, {1}).chunk(field::kFloatData, "aaaabbbb"),
                Encoding::kFixed, "aaaabbbb");
  check_payload(TensorBytes(TensorProto::DOUBLE, {1}).chunk(field::kDoubleData, "aaaabbbb"),
                Encoding::kFixed, "aaaabbbb");
  check_payload(TensorBytes(TensorProto::INT64, {3}).chunk(field::kInt64Data, "\x01\x80\x02\x03"),
                Encoding::kVarint, "\x01\x80\x02\x03");
  check_payload(TensorBytes(TensorProto::FLOAT16, {1}).chunk(field::kInt32Data, "\x80\x78"),
                Encoding::kVarint, "\x80\x78");
  check_payload(TensorBytes(TensorProto::UINT32, {1}).chunk(field::kUint64Data, "\x07"),
                Encoding::kVarint, "\x07");
  check_refused(TensorBytes(TensorProto::FLOAT, {2}).chunk(field::kFloatData, "aaaa"));
  check_refused(TensorBytes(TensorProto::INT64, {3}).chunk(field::kInt64Data, "\x01\x02"));
  check_refused(TensorBytes(TensorProto::INT64, {1}).chunk(field::kInt64Data, "\x80"));
}

TEST_CASE("unpacked entries in a row are one tagged payload") {
  check_payload(TensorBytes(TensorProto::INT64, {2})
                    .varint(field::kInt64Data, 1)
                    .varint(field::kInt64Data, 300),
                Encoding::kTagged, "\x38\x01\x38\xac\x02");
  check_payload(TensorBytes(TensorProto::FLOAT, {2}).float32("aaaa").float32("bbbb"),
                Encoding::kTagged,
                "\x25"
                "aaaa\x25"
                "bbbb");
  check_refused(TensorBytes(TensorProto::INT64, {3}).varint(field::kInt64Data, 1));
}

TEST_CASE("what is not one payload of single elements cannot be moved") {
  check_unmovable(TensorBytes(TensorProto::FLOAT, {2})
                      .chunk(field::kFloatData, "aaaa")
                      .chunk(field::kFloatData, "bbbb"),
                  "payload in several chunks");
  check_unmovable(TensorBytes(TensorProto::FLOAT, {1})
                      .chunk(field::kRawData, "aaaa")
                      .chunk(field::kRawData, "bbbb"),
                  "payload in several chunks");
  check_unmovable(TensorBytes(TensorProto::INT64, {2})
                      .varint(field::kInt64Data, 1)
                      .chunk(field::kName, "name")
                      .varint(field::kInt64Data, 2),
                  "payload in several chunks");
  check_unmovable(
      TensorBytes(TensorProto::FLOAT, {1}).float32("aaaa").chunk(field::kRawData, "bbbb"),
      "payload in several fields");
  check_unmovable(TensorBytes(TensorProto::INT64, {1}).chunk(field::kInt32Data, "\x01"),
                  "payload in a field for another type");
  check_unmovable(TensorBytes(22, {2}).chunk(field::kInt32Data, "\x12"),
                  "entries of its payload are not single elements");
  check_unmovable(TensorBytes(TensorProto::COMPLEX64, {1}).float32("aaaa").float32("bbbb"),
                  "entries of its payload are not single elements");
  check_unmovable(TensorBytes(TensorProto::STRING, {1}).chunk(field::kStringData, "text"),
                  "string tensor");
  check_unmovable(TensorBytes(999, {1}).chunk(field::kRawData, "x"), "unknown element type 999");
  check_unmovable(
      TensorBytes(TensorProto::UINT8, {1}).chunk(field::kSegment, "").chunk(field::kRawData, "x"),
      "payload in segments");
}

TEST_CASE("a tensor without elements has no payload") {
  check_unmovable(TensorBytes(TensorProto::FLOAT, {0, 3}), "no elements");
  check_unmovable(TensorBytes(TensorProto::FLOAT, {3, 0}).chunk(field::kRawData, ""),
                  "no elements");
  check_refused(TensorBytes(TensorProto::FLOAT, {0}).chunk(field::kRawData, "aaaa"));
}

TEST_CASE("an empty chunk of a typed field is nothing") {
  check_payload(TensorBytes(TensorProto::FLOAT, {1})
                    .chunk(field::kFloatData, "")
                    .chunk(field::kRawData, "aaaa"),
                Encoding::kFixed, "aaaa");
}

TEST_CASE("dimensions may be packed, but not negative or too large") {
  check_payload(TensorBytes(TensorProto::UINT8, {})
                    .chunk(field::kDims, "\x02\x02")
                    .chunk(field::kRawData, "abcd"),
                Encoding::kFixed, "abcd");
  check_refused(TensorBytes(TensorProto::UINT8, {-1}).chunk(field::kRawData, "a"));
  check_refused(TensorBytes(TensorProto::UINT8, {}).chunk(field::kDims, "\x80"));
  check_refused(TensorBytes(TensorProto::UINT8, {1ll << 32, 1ll << 32}).chunk(field::kRawData, ""));
  // 2^61 elements of 8 bytes: their number fits, their bits do not.
  check_refused(TensorBytes(TensorProto::INT64, {1ll << 61}).chunk(field::kRawData, ""));
}
