// The element types of ONNX, including those that the installed ONNX library does not know yet.
#pragma once

#include <cstdint>

namespace permcrypt {

// onnx::TensorProto::DataType values that came after ONNX 1.12.
inline constexpr std::int32_t kFloat8E4M3FN = 17, kFloat8E5M2FNUZ = 20, kUint4 = 21, kInt4 = 22,
                              kFloat4E2M1 = 23, kFloat8E8M0 = 24;

// Integers and booleans.
bool is_integer(std::int32_t data_type);
bool is_signed_integer(std::int32_t data_type);

}  // namespace permcrypt
