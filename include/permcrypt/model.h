// What is in an ONNX file, and where are its bytes?
//
// The file is mapped and walked once on the wire level. Structure goes into ONNX's own protobuf
// classes with all payloads left out; each payload is remembered as a ByteSpan. Memory is
// proportional to the structure only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <onnx/onnx_pb.h>

#include "permcrypt/status.h"

namespace permcrypt {

using TensorId = std::uint32_t;
using FrameId = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xffffffffu;

// Bytes [offset, offset + length) of Model::files[file].
struct ByteSpan {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteSpan&) const = default;
};

// How the elements of a payload lie in their span.
enum class Encoding : std::uint8_t {
  kFixed,   // little-endian, element_bits() each, packed (raw_data, packed float_data, external)
  kVarint,  // packed varints (int32_data, int64_data, uint64_data): elements of unequal length
  kTagged,  // unpacked repeated field: each element is its tag followed by its value
};

// One length-delimited protobuf message or field inside files[0]. An edit inside it changes its
// length, and those of all its parents.
struct Frame {
  std::uint64_t length_offset = 0;  // where the length varint starts
  std::uint32_t length_size = 0;    // how many bytes the varint takes
  std::uint64_t begin = 0, end = 0; // the content
  FrameId parent = kNone;           // kNone: directly inside the ModelProto
};

// A TensorProto anywhere in the file: initializer, sparse initializer part, attribute.
struct Tensor {
  // TensorProto.name in a graph; the output's name in a Constant node; "<node output>.<attribute>"
  // in other nodes. Items of attribute lists end in "[k]". <node output> is the first with a name.
  std::string name;
  // "" in the main graph; else "<node output>.<attribute>/", "<function domain>:<function name>/" or
  // "training[k].algorithm/", nested. Scope + name is unique among named tensors, if the names of
  // each graph are.
  std::string scope;
  std::int32_t type = 0;          // onnx::TensorProto::DataType
  std::vector<std::int64_t> shape;
  Encoding encoding = Encoding::kFixed;
  std::optional<ByteSpan> payload;  // absent when the elements cannot be moved; see `unmovable`
  std::string unmovable;            // why not: "payload in several chunks", "string tensor", ...
  FrameId frame = kNone;            // of the TensorProto
  bool external = false;
  bool shared = false;              // external: other tensors have some of its bytes as well
  std::uint32_t external_file = 0;  // external: index into Model::files, also without a payload
  ByteSpan location;                // external: the bytes of the location string in files[0]
  FrameId location_entry = kNone;   // external: the frame of the StringStringEntryProto around it
};

// A tensor of which only some elements are stored; the others are zero. Both parts are in
// Model::tensors as well.
struct SparseTensor {
  TensorId values = kNone;          // [entries]
  TensorId indices = kNone;         // where these are: [entries] row-major, or [entries, rank]
  std::vector<std::int64_t> shape;  // of the whole
};

// files[0] is the .onnx itself, the rest its external data files in order of first use.
struct ModelFile {
  std::filesystem::path path;  // absolute
  std::string location;        // as written in the tensors; "" for files[0]
  std::uint64_t size = 0;
};

// Structure and spans of one model.
//
// In `structure`, every TensorProto has its payload fields (data and external_data, data_location)
// removed and `raw_data` holding its TensorId as 4 little-endian bytes (tensor_id()); every
// GraphProto, NodeProto and FunctionProto has its doc_string replaced by its FrameId in decimal
// (frame_of()). metadata_props of the model are kept, those of inner objects dropped.
struct Model {
  std::vector<ModelFile> files;
  onnx::ModelProto structure;
  std::vector<Tensor> tensors;  // in the order in which they lie in the file
  std::vector<SparseTensor> sparse;  // likewise; those that have values
  std::vector<Frame> frames;
};

TensorId tensor_id(const onnx::TensorProto& tensor);
FrameId frame_of(const onnx::GraphProto& graph);
FrameId frame_of(const onnx::NodeProto& node);
FrameId frame_of(const onnx::FunctionProto& function);

// Reads a model's structure. `path` is a .onnx file, or a folder that holds one model.onnx.
//
// Errors (kInput): not a readable ONNX file; a length beyond its enclosing message; nesting beyond
// 64 levels; external data missing, outside the model's folder, or shorter than its span.
Result<Model> read_model(const std::filesystem::path& path);

// Bits one element of an onnx::TensorProto::DataType takes (4 for INT4 and UINT4); 0 when unknown
// or not of fixed width (strings).
int element_bits(std::int32_t data_type);

// The bytes of a payload, mapped. Stays valid as long as the object lives.
class PayloadReader {
 public:
  explicit PayloadReader(const Model& model);
  ~PayloadReader();
  PayloadReader(PayloadReader&&) noexcept;
  PayloadReader& operator=(PayloadReader&&) noexcept;

  // The bytes of a span; kInput when the file shrank or cannot be mapped.
  Result<std::string_view> bytes(const ByteSpan& span);
  // Whether two spans hold the same bytes. Of any length, in little memory.
  Result<bool> equal(const ByteSpan& x, const ByteSpan& y);
  // The elements of an integer or boolean tensor, sign-extended, at most `limit`; empty optional
  // when it has more elements, another type, or elements but no payload. uint64 values beyond int64
  // wrap around.
  std::optional<std::vector<std::int64_t>> integers(TensorId tensor, std::size_t limit);
  // The same for float, double, float16 and bfloat16.
  std::optional<std::vector<double>> floats(TensorId tensor, std::size_t limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace permcrypt
