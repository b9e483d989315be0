// Damaged models: bytes changed anywhere, or a model that is well-formed and makes no sense.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace permcrypt::testing {

// A few bytes changed, left out, put in or repeated, or the end cut off.
std::string with_changed_bytes(std::string bytes, std::mt19937& random);

// A few fields of an ONNX model set to what they should not be: extents, attributes, elements of
// integer tensors, names, operators, types. Bytes that are no model are returned as they are.
std::string with_changed_fields(const std::string& bytes, std::mt19937& random);

}  // namespace permcrypt::testing
