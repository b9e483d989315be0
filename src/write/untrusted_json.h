// Reads JSON that nobody vouches for: each function takes a value to be something, and throws
// Malformed when it is not. Whoever uses them catches it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace permcrypt::untrusted {

using Json = nlohmann::json;

struct Malformed {};

// A parser may recurse on what nests; what permcrypt writes does not nest deeply.
bool nests_too_deeply(std::string_view json);

inline void require(bool condition) {
  if (!condition) throw Malformed{};
}

template <class T>
T need(std::optional<T> value) {
  require(value.has_value());
  return std::move(*value);
}

const Json& member(const Json& object, const char* name);
const Json& list(const Json& value);
// An array of exactly `size` values.
const Json& tuple(const Json& value, std::size_t size);

template <class T = std::uint64_t>
T number(const Json& value, std::uint64_t limit = std::numeric_limits<T>::max()) {
  require(value.is_number_unsigned() && value.get<std::uint64_t>() <= limit);
  return static_cast<T>(value.get<std::uint64_t>());
}

std::size_t index(const Json& value, std::size_t size);
// The bytes behind code points U+0000 to U+00FF.
std::string bytes(const Json& value);
// The same, 32 of them, written in hexadecimal.
std::array<std::uint8_t, 32> bytes32(const Json& value);

}  // namespace permcrypt::untrusted
