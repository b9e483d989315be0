#include "verify/lock_vector.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <numeric>

#include "verify/token_file.h"

namespace permcrypt {

std::vector<LockPart> lock_parts(const Plan& plan) {
  std::vector<LockPart> out;
  std::size_t begin = 0;
  for (const PlanLock& lock : plan.locks) {
    out.push_back({begin, static_cast<std::size_t>(lock.downstream.extent)});
    begin += out.back().size;
  }
  return out;
}

TensorData key_tensor(std::span<const std::int32_t> vector) {
  TensorData out;
  out.name = kKeyInput;
  out.type = onnx::TensorProto::INT32;
  out.shape = {static_cast<std::int64_t>(vector.size())};
  out.bytes.assign(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  return out;
}

std::vector<std::int32_t> identity_vector(std::span<const LockPart> parts) {
  std::vector<std::int32_t> out;
  for (const LockPart& part : parts) {
    const std::size_t begin = out.size();
    out.resize(begin + part.size);
    std::iota(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), 0);
  }
  return out;
}

std::vector<std::int32_t> random_vector(std::span<const LockPart> parts, std::mt19937_64& random) {
  std::vector<std::int32_t> out = identity_vector(parts);
  for (const LockPart& part : parts) {
    // Not std::shuffle: its result differs between standard libraries.
    for (std::size_t i = part.size; i > 1; --i) {
      std::swap(out[part.begin + i - 1], out[part.begin + random() % i]);
    }
  }
  return out;
}

}  // namespace permcrypt
