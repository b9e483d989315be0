// Sparse tensors under permutations of their axes: each entry gets another index, and the entries
// are put in ascending order again. Where all have gone is known only once all indices are read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/apply.h"

namespace permcrypt {

// Where an index of each axis goes: to[axis][old] is the new one; empty: the axis stays.
using IndexMaps = std::vector<std::vector<std::uint32_t>>;

struct SparseOrder {
  std::vector<std::uint32_t> old_of_new;  // entries
  std::vector<std::uint64_t> indices;     // in the new order, as row-major numbers
};

// `indices` are row-major numbers of distinct elements of a tensor of `shape`.
SparseOrder renumber_sparse(std::span<const std::uint64_t> indices,
                            std::span<const std::uint64_t> shape, const IndexMaps& to);

// The whole permuted payload of a part of a sparse tensor. REQUIRES: move.sparse. Errors (kInput):
// indices that are not encoded as the move says, lie outside of the shape or do not ascend, or
// would take another number of bytes; values that do not fit; the file of the indices cannot be
// read.
Result<std::string> permute_sparse(const PayloadMove& move, std::string_view payload,
                                   const CopyJob& job);

}  // namespace permcrypt
