#include "verify/tensor_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>

#include <bit>
#include <cstring>

#include "base/half.h"
#include "base/quote.h"
#include "permcrypt/model.h"

namespace permcrypt {
namespace {

static_assert(std::endian::native == std::endian::little, "payloads are read in place");

using DataType = onnx::TensorProto;

// Reads every element as T, and converts it.
template <class T, class Out, class Convert>
std::vector<Out> widen(const TensorData& tensor, Convert convert) {
  std::vector<Out> result(tensor.bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < result.size(); ++i) {
    T element;
    std::memcpy(&element, tensor.bytes.data() + i * sizeof(T), sizeof(T));
    result[i] = convert(element);
  }
  return result;
}

template <class Out>
std::optional<std::vector<Out>> widen_integers(const TensorData& tensor) {
  const auto cast = [](auto element) { return static_cast<Out>(element); };
  switch (tensor.type) {
    case DataType::INT8:
      return widen<std::int8_t, Out>(tensor, cast);
    case DataType::INT16:
      return widen<std::int16_t, Out>(tensor, cast);
    case DataType::INT32:
      return widen<std::int32_t, Out>(tensor, cast);
    case DataType::INT64:
      return widen<std::int64_t, Out>(tensor, cast);
    case DataType::BOOL:
    case DataType::UINT8:
      return widen<std::uint8_t, Out>(tensor, cast);
    case DataType::UINT16:
      return widen<std::uint16_t, Out>(tensor, cast);
    case DataType::UINT32:
      return widen<std::uint32_t, Out>(tensor, cast);
    case DataType::UINT64:
      return widen<std::uint64_t, Out>(tensor, cast);
    default:
      return std::nullopt;
  }
}

tl::unexpected<Error> no_conversion(const TensorData& tensor) {
  return fail(ErrorKind::kInput, fmt::format("tensor {}: elements of {} cannot be read as numbers",
                                             in_quotes(tensor.name), type_name(tensor.type)));
}

}  // namespace

std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;
  bool empty = false;
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) {
      empty = true;
    } else if (count > kLimit / static_cast<std::uint64_t>(extent)) {
      return std::nullopt;
    } else {
      count *= static_cast<std::uint64_t>(extent);
    }
  }
  return empty ? 0 : count;
}

std::optional<std::uint64_t> byte_size(std::int32_t type, const std::vector<std::int64_t>& shape) {
  const auto bits = static_cast<std::uint64_t>(element_bits(type));
  const auto count = element_count(shape);
  if (bits == 0 || !count || *count > (std::uint64_t{1} << 62) / bits) return std::nullopt;
  return (*count * bits + 7) / 8;
}

std::string type_name(std::int32_t type) {
  switch (type) {
    case DataType::FLOAT:
      return "float32";
    case DataType::UINT8:
      return "uint8";
    case DataType::INT8:
      return "int8";
    case DataType::UINT16:
      return "uint16";
    case DataType::INT16:
      return "int16";
    case DataType::INT32:
      return "int32";
    case DataType::INT64:
      return "int64";
    case DataType::STRING:
      return "string";
    case DataType::BOOL:
      return "bool";
    case DataType::FLOAT16:
      return "float16";
    case DataType::DOUBLE:
      return "float64";
    case DataType::UINT32:
      return "uint32";
    case DataType::UINT64:
      return "uint64";
    case DataType::COMPLEX64:
      return "complex64";
    case DataType::COMPLEX128:
      return "complex128";
    case DataType::BFLOAT16:
      return "bfloat16";
    default:
      return fmt::format("type {}", type);
  }
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Result<std::vector<double>> to_doubles(const TensorData& tensor) {
  switch (tensor.type) {
    case DataType::FLOAT:
      return widen<float, double>(tensor, [](float element) { return element; });
    case DataType::DOUBLE:
      return widen<double, double>(tensor, [](double element) { return element; });
    case DataType::FLOAT16:
      return widen<std::uint16_t, double>(tensor, float16_to_float);
    case DataType::BFLOAT16:
      return widen<std::uint16_t, double>(tensor, bfloat16_to_float);
    default:
      break;
  }
  if (auto integers = widen_integers<double>(tensor)) return *std::move(integers);
  return no_conversion(tensor);
}

Result<std::vector<std::int64_t>> to_integers(const TensorData& tensor) {
  if (auto integers = widen_integers<std::int64_t>(tensor)) return *std::move(integers);
  return no_conversion(tensor);
}

}  // namespace permcrypt
