#include "verify/tensor_pb.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <limits>
#include <utility>

#include "permcrypt/model.h"

namespace permcrypt {
namespace {

// Each entry of a typed field holds one element (4-bit types: one byte) in its low bytes.
template <class Field>
std::string low_bytes(const Field& field, std::size_t width) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(field.size()) * width);
  for (const auto& entry : field) bytes.append(reinterpret_cast<const char*>(&entry), width);
  return bytes;
}

std::string payload(const onnx::TensorProto& proto) {
  const std::size_t width = static_cast<std::size_t>(element_bits(proto.data_type()) + 7) / 8;
  switch (proto.data_type()) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::COMPLEX64:
      return low_bytes(proto.float_data(), sizeof(float));
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::COMPLEX128:
      return low_bytes(proto.double_data(), sizeof(double));
    case onnx::TensorProto::INT64:
      return low_bytes(proto.int64_data(), width);
    case onnx::TensorProto::UINT32:
    case onnx::TensorProto::UINT64:
      return low_bytes(proto.uint64_data(), width);
    default:
      return width <= sizeof(std::int32_t) ? low_bytes(proto.int32_data(), width) : std::string();
  }
}

}  // namespace

Result<TensorData> decode_tensor_pb(std::string_view pb) {
  onnx::TensorProto proto;
  if (pb.size() > std::numeric_limits<int>::max() ||
      !proto.ParseFromArray(pb.data(), static_cast<int>(pb.size())) || proto.data_type() == 0) {
    return fail(ErrorKind::kInput, "not an ONNX TensorProto");
  }
  TensorData tensor{
      proto.name(), proto.data_type(), {proto.dims().begin(), proto.dims().end()}, {}};
  const auto size = byte_size(tensor.type, tensor.shape);
  if (!size) {
    return fail(ErrorKind::kInput, fmt::format("elements of {} in shape {} are not supported",
                                               type_name(tensor.type), shape_text(tensor.shape)));
  }
  if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.has_segment()) {
    return fail(ErrorKind::kInput, "external or chunked data is not supported");
  }
  tensor.bytes = proto.has_raw_data() ? std::move(*proto.mutable_raw_data()) : payload(proto);
  if (tensor.bytes.size() != *size) {
    return fail(ErrorKind::kInput, fmt::format("{} bytes of data do not fit the shape {}",
                                               tensor.bytes.size(), shape_text(tensor.shape)));
  }
  return tensor;
}

std::string encode_tensor_pb(const TensorData& tensor) {
  onnx::TensorProto proto;
  for (const std::int64_t extent : tensor.shape) proto.add_dims(extent);
  proto.set_data_type(tensor.type);
  proto.set_name(tensor.name);
  proto.set_raw_data(tensor.bytes);
  return proto.SerializeAsString();
}

}  // namespace permcrypt
