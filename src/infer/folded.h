// Small tensors whose elements are known while the graph is analysed: shapes, bounds, index tables.
// Every one is carried twice, under two bindings of the dynamic dimensions (see Dimensions); an
// element that differs between the two depends on a dynamic dimension.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/graph.h"

namespace permcrypt {

// Elements under one binding. Integers and booleans live in `ints`, floating point in `reals`.
struct SmallTensor {
  std::vector<std::int64_t> shape;
  bool integral = true;
  std::vector<std::int64_t> ints;
  std::vector<double> reals;

  std::size_t size() const { return integral ? ints.size() : reals.size(); }
  bool operator==(const SmallTensor&) const = default;
};

//
// Both bindings may leave the same remainder, 0 say, where windows divide a size. Such an element
// is not static either: `c` is what would follow if remainders came out otherwise.
struct Folded {
  SmallTensor a;
  std::optional<SmallTensor> b;  // absent: the same under both bindings
  std::optional<SmallTensor> c;  // absent: the same as under the second
  const SmallTensor& at(int binding) const {
    return binding == 2 && c ? *c : binding > 0 && b ? *b : a;
  }
  bool is_static() const { return !b && !c; }
  // Element i is the same under both bindings, but only by its remainders. REQUIRES: integral.
  bool open(std::size_t i) const {
    return c && a.ints[i] == at(1).ints[i] && a.ints[i] != c->ints[i];
  }
};
using FoldedPtr = std::shared_ptr<const Folded>;

// Largest tensors worth knowing: index tables are, weights are not.
inline constexpr std::size_t kMaxFoldedInts = 200'000;
inline constexpr std::size_t kMaxFoldedReals = 512;

// Evaluates a node of the default domain under one binding: the results in order of its outputs;
// empty when it is not one of the integer and shape operators that are folded, or an operand (null)
// is unknown. Never materialises more than kMaxFoldedInts elements.
std::vector<std::optional<SmallTensor>> evaluate(const GraphNode& node,
                                                 std::span<const SmallTensor* const> operands);

// Folds under both bindings. One entry per output; null where the result is not known.
std::vector<FoldedPtr> fold(const GraphNode& node, std::span<const FoldedPtr> operands);

}  // namespace permcrypt
