// Short ways to write tensors down.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "verify/tensor_data.h"

namespace permcrypt::testing {

template <class T>
TensorData tensor(std::string name, std::int32_t type, std::vector<std::int64_t> shape,
                  const std::vector<T>& elements) {
  return {std::move(name), type, std::move(shape),
          std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T))};
}

inline TensorData floats(std::string name, std::vector<std::int64_t> shape,
                         const std::vector<float>& elements) {
  return tensor(std::move(name), onnx::TensorProto::FLOAT, std::move(shape), elements);
}

inline TensorData integers(std::string name, std::vector<std::int64_t> shape,
                           const std::vector<std::int64_t>& elements) {
  return tensor(std::move(name), onnx::TensorProto::INT64, std::move(shape), elements);
}

inline bool same(const TensorData& x, const TensorData& y) {
  return x.name == y.name && x.type == y.type && x.shape == y.shape && x.bytes == y.bytes;
}

}  // namespace permcrypt::testing
