// Elements that are coordinates of a permuted axis: index v becomes values[v].
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "permcrypt/permutation.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Whether v, or v + extent for a negative v, is one of 0 .. extent - 1.
inline bool is_index(std::int64_t v, std::uint64_t extent) {
  return v >= 0 ? static_cast<std::uint64_t>(v) < extent
                : std::uint64_t{0} - static_cast<std::uint64_t>(v) <= extent;
}

// v -> values[v]; a negative v counts from the end and stays negative. Nothing when out of range.
inline std::optional<std::int64_t> rewritten(std::int64_t v, const Permutation& values) {
  if (!is_index(v, values.size())) return std::nullopt;
  const auto size = static_cast<std::int64_t>(values.size());
  if (v < 0) return static_cast<std::int64_t>(values[static_cast<std::size_t>(v + size)]) - size;
  return values[static_cast<std::size_t>(v)];
}

// Rewrites `count` little-endian integers of 4 or 8 bytes in place; false when one is out of range.
bool rewrite_integers(char* data, std::uint64_t count, unsigned width, const Permutation& values);

// The error for an element that no index of the axis equals.
tl::unexpected<Error> index_out_of_range(std::string_view tensor);

}  // namespace permcrypt
