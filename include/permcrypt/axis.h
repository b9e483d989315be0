// The axis algebra: which indices of an axis move together.
//
//   Axis ::= Factor | Axis x Axis ... (mixed radix, major first) | Axis + Axis ... (segments)
//
// A factor has an extent and a state: Free, or Fixed for a reason. Everything is built from four
// primitives that may be called at any time, in any order: unify, factor, split, pin. Each merges,
// refines or pins, so inference ends, and it never conflicts: it only loses freedom. Misaligned
// radices, (3,4) against (2,6), are deferred until solve().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace permcrypt {

using ExprId = std::uint32_t;
inline constexpr ExprId kUnit = 0;  // the axis of extent 1

class AxisStore {
 public:
  enum class Kind : std::uint8_t { kFactor, kProduct, kSum };
  using ReasonId = std::uint32_t;

  AxisStore();

  // REQUIRES: size >= 0.
  ExprId free_factor(std::int64_t size);
  ExprId fixed_factor(std::int64_t size, std::string_view why);
  // A factor of an input's dynamic dimension, or of a result that inherits from one by alignment.
  // `size` is only one of its bindings. It has no permutation, but it is not Fixed either: bound to
  // a product, its static parts stay free.
  ExprId dynamic_factor(std::int64_t size);
  ExprId product(std::span<const ExprId> parts);  // major first
  ExprId sum(std::span<const ExprId> parts);

  // Same extent, same permutation. REQUIRES: size(x) == size(y).
  void unify(ExprId x, ExprId y);
  // Lists of equal total extent, as a Reshape maps them: major first.
  void align(std::span<const ExprId> x, std::span<const ExprId> y);
  // The indices [begin, end) of x. Splits what lies across the boundaries. REQUIRES: 0 <= begin <=
  // end <= size(x).
  ExprId cut(ExprId x, std::int64_t begin, std::int64_t end);
  void pin(ExprId x, std::string_view why);
  // Replays deferred alignments until nothing changes; pins what then remains.
  void solve();

  // The normal form: flat; no units in products; a sum never the major part of a product.
  ExprId resolve(ExprId x);
  Kind kind(ExprId resolved) const;
  std::span<const ExprId> parts(ExprId resolved) const;  // of a product or sum
  std::int64_t size(ExprId x) const;
  bool is_fixed(ExprId factor) const;                    // of a resolved factor
  bool is_dynamic(ExprId factor) const;
  const std::string& why(ExprId factor) const;           // reason of a fixed factor; else ""
  void factors(ExprId x, std::vector<ExprId>& out);      // all resolved factors in order, repeats kept
  // No factor of x can move: each is fixed, dynamic or of extent 1.
  bool all_fixed(ExprId x);
  bool any_free(ExprId x) { return !all_fixed(x); }
  std::string show(ExprId x);                            // "(g3:4*!g7:2)", "!" for fixed

 private:
  struct Node;
  std::vector<Node> nodes_;
  std::vector<ExprId> parts_;
  std::vector<std::string> reasons_;
  std::vector<std::pair<std::vector<ExprId>, std::vector<ExprId>>> deferred_;
  // private helpers ...
};

}  // namespace permcrypt
