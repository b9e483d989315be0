// Index arithmetic on SmallTensor: broadcast, take, concatenate, transpose.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "infer/folded.h"

namespace permcrypt {

// Product of the extents; saturates above kMaxFoldedInts, so the result may be compared with it.
std::size_t count_elements(const std::vector<std::int64_t>& shape);

void append_element(SmallTensor& to, const SmallTensor& from, std::size_t index);

// NumPy broadcast of two shapes; nothing when they do not fit.
std::optional<std::vector<std::int64_t>> broadcast_shape(const std::vector<std::int64_t>& x,
                                                         const std::vector<std::int64_t>& y);
// For each element of `to` in row-major order, the element of a tensor of shape `from` that is
// broadcast there; nothing when `to` is too large.
std::optional<std::vector<std::size_t>> broadcast_index(const std::vector<std::int64_t>& from,
                                                        const std::vector<std::int64_t>& to);

// x indexed along `axis` (as Gather does): negative indices count from the end.
std::optional<SmallTensor> take(const SmallTensor& x, const SmallTensor& indices, std::size_t axis);
std::optional<SmallTensor> concatenate(std::span<const SmallTensor* const> parts, std::size_t axis);
// result axis i is axis perm[i] of x. REQUIRES: perm[i] < rank.
std::optional<SmallTensor> transposed(const SmallTensor& x, const std::vector<std::size_t>& perm);

// The positions a Slice with these bounds takes from an axis of `extent` indices. REQUIRES: step !=
// 0.
std::vector<std::int64_t> slice_positions(std::int64_t extent, std::int64_t start, std::int64_t end,
                                          std::int64_t step);

}  // namespace permcrypt
