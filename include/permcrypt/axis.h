// The axis algebra: which indices of an axis move together.
//
//   Axis ::= Factor | Axis x Axis ... (mixed radix, major first) | Axis + Axis ... (segments)
//
// A factor has an extent and a state: free, or fixed for a reason. Heads x head_dim, rotary halves,
// fused QKV and class token + patches are all expressions of this kind; there are no special cases.
//
// Everything is built from four primitives that may be called at any time, in any order: unify,
// align (which factors), cut (which splits), pin. Each merges, refines or pins, so inference ends;
// and it never conflicts: it only loses freedom. Misaligned radices, (3,4) against (2,6), are
// deferred until solve(), because pinning them at once made the result depend on node order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace permcrypt {

using ExprId = std::uint32_t;
inline constexpr ExprId kUnit = 0;   // the axis of extent 1
inline constexpr ExprId kEmpty = 1;  // the axis of extent 0

class AxisStore {
 public:
  enum class Kind : std::uint8_t { kFactor, kProduct, kSum };

  AxisStore();

  // REQUIRES: size >= 0.
  ExprId free_factor(std::int64_t size);
  ExprId fixed_factor(std::int64_t size, std::string_view why);
  // A result axis with a dynamic extent, of which `size` is only one binding. It never has a
  // permutation of its own, but it is not fixed: aligned with a product, its static parts stay free.
  ExprId dynamic_factor(std::int64_t size);
  // REQUIRES: the total extent fits std::int64_t.
  ExprId product(std::span<const ExprId> parts);  // major first
  ExprId sum(std::span<const ExprId> parts);

  // Same extent, same permutation. REQUIRES: size(x) == size(y).
  void unify(ExprId x, ExprId y);
  // Two lists of equal total extent that number the same elements in mixed radix, major first, as
  // a Reshape does.
  void align(std::span<const ExprId> x, std::span<const ExprId> y);
  // The indices [begin, end) of x; splits what lies across the boundaries.
  // REQUIRES: 0 <= begin <= end <= size(x).
  ExprId cut(ExprId x, std::int64_t begin, std::int64_t end);
  void pin(ExprId x, std::string_view why);
  // Replays deferred alignments until nothing changes; pins what then remains.
  void solve();

  // The normal form: flat; no units in products; a sum only as the last part of a product.
  ExprId resolve(ExprId x);
  Kind kind(ExprId x) const { return nodes_[x].kind; }
  std::span<const ExprId> parts(ExprId composite) const;
  std::int64_t size(ExprId x) const { return nodes_[x].size; }
  bool is_fixed(ExprId factor) const { return nodes_[factor].fixed; }
  bool is_dynamic(ExprId factor) const { return nodes_[factor].dynamic; }
  bool is_free(ExprId resolved_factor) const;
  const std::string& why(ExprId factor) const;  // reason of a fixed factor; "" otherwise
  // All resolved factors of x in order, repeats kept.
  std::vector<ExprId> factors(ExprId x);
  bool any_free(ExprId x);
  bool all_fixed(ExprId x) { return !any_free(x); }
  std::string show(ExprId x);  // "(g3:4*!7:2)": free factors by id, fixed ones by "!"

  // For explanations: merges and pins made from now on happen at `site` (a caller's number).
  void at(std::uint32_t site) { site_ = site; }
  // Every request to hold a factor of more than one index, whether or not it was held already: the
  // factor as it was then, and the site.
  struct Pin {
    ExprId factor;
    std::uint32_t site;
  };
  const std::vector<Pin>& pins() const { return pins_; }
  // The sites at which x came to be what it is, oldest first; x as first created.
  std::vector<std::uint32_t> history(ExprId x) const;

 private:
  using Parts = std::vector<ExprId>;
  static constexpr ExprId kNoExpr = 0xffffffffu;

  struct Node {
    Kind kind = Kind::kFactor;
    bool fixed = false, dynamic = false;
    std::int64_t size = 1;
    std::uint32_t reason = 0;
    std::uint32_t first = 0, count = 0;   // composite: parts_[first, first + count)
    ExprId bound = kNoExpr;               // factor: what it has become (shortened by resolve)
    ExprId bound_first = kNoExpr;         // what it became at first, at `site`
    std::uint32_t site = 0;
    ExprId memo = kNoExpr;                // composite: its normal form as of `epoch`
    std::uint64_t epoch = 0;
  };

  ExprId add_factor(std::int64_t size);
  ExprId add_composite(Kind kind, std::span<const ExprId> parts);
  Parts copy_parts(ExprId composite) const;
  std::size_t first_sum(const Parts& parts) const;
  ExprId chain_end(ExprId x) const;
  void normalise_inside(ExprId composite);
  ExprId normalise(ExprId composite);
  void bind(ExprId factor, ExprId to);
  std::pair<ExprId, ExprId> split(ExprId x, std::int64_t k);
  std::pair<ExprId, ExprId> split_product(ExprId product, std::int64_t k);
  bool all_held(const Parts& list);
  void unify_segments(Parts x, Parts y);
  void align_lists(Parts x, Parts y);
  bool align_sum(Parts& x, Parts& y);
  void defer_front(Parts& x, Parts& y);
  void fix(ExprId x, std::string_view why);
  void remember_pin(ExprId factor);
  std::uint32_t reason_id(std::string_view why);

  std::vector<Node> nodes_;
  Parts parts_;
  std::vector<std::string> reasons_;
  std::vector<Pin> pins_;
  std::vector<std::pair<Parts, Parts>> deferred_;
  std::uint64_t epoch_ = 1;
  std::uint32_t site_ = 0;
};

}  // namespace permcrypt
