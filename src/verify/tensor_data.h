// Tensors as they go into and come out of a model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"

namespace permcrypt {

// What a model declares about one of its inputs or outputs.
struct TensorInfo {
  struct Dim {
    std::int64_t size = -1;  // -1: dynamic
    std::string name;        // of a dynamic dimension; may be empty
  };
  std::string name;
  std::int32_t type = 0;  // onnx::TensorProto::DataType; 0 when it is not a tensor
  std::vector<Dim> shape;
};

// A tensor in memory: elements little-endian and row-major; 4-bit types two to a byte.
// Every function that makes one guarantees bytes.size() == byte_size(type, shape).
struct TensorData {
  std::string name;
  std::int32_t type = 0;  // onnx::TensorProto::DataType, never STRING
  std::vector<std::int64_t> shape;
  std::string bytes;
};

// The product of the extents; empty when one is negative or it passes 2^62.
std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape);

// How many bytes the elements take; empty when the count is (see above), or the type has no fixed
// width.
std::optional<std::uint64_t> byte_size(std::int32_t type, const std::vector<std::int64_t>& shape);

std::string type_name(std::int32_t type);  // "float32", "int64"; "type 99" for an unknown one
std::string shape_text(const std::vector<std::int64_t>& shape);  // "[2, 7]"

// All elements, widened. Errors (kInput): 4-bit, 8-bit floating-point, complex and unknown types.
Result<std::vector<double>> to_doubles(const TensorData& tensor);
// Errors (kInput): not an integer or boolean type of 8 bits or more. uint64 wraps.
Result<std::vector<std::int64_t>> to_integers(const TensorData& tensor);

}  // namespace permcrypt
