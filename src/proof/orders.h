// In which order do the elements along an axis lie? An axis of the encrypted model is the original
// one, gathered by a concrete permutation; all that operators do to axes is done here to those.
//
// Functions throw Contradiction where elements meet that do not meet in the original, and
// NotUnderstood where that cannot be told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "proof/finding.h"
#include "proof/terms.h"

namespace permcrypt::proof {

using OrderId = std::uint32_t;
inline constexpr OrderId kPlain = 0;  // the order of the original, whatever the extent
using RepeatId = std::uint32_t;
inline constexpr RepeatId kDistinct = 0;  // nothing is known to be equal
inline constexpr RepeatId kAllSame = 1;   // whatever the extent

// encrypted[i] = original[order(i)]. An order of a constant extent is a permutation of all of it.
// Of any other extent it is outer x permutation x inner in mixed radix, outer and inner plain.
//
// An order may be *fibred*: another one for each position on the axis of the value that *leads*,
//
//     encrypted[i, j] = original[f(i), g[f(i)](j)]
//
// with as many g as the leading axis has positions (or, where their number is not constant, a
// divisor of it: they follow one another again and again). A value has at most one leading axis.
//
// `repeats` says which positions of the *original* hold the same, as after an Expand: the class of
// each position, again between a plain outer and inner axis where the extent is not constant. Any
// order that leads to the same classes describes the axis as well.
struct Axis {
  TermId extent = 0;
  OrderId order = kPlain;
  RepeatId repeats = kDistinct;  // never anything else where the order is fibred
  bool leads = false;
};

using Index = std::vector<std::uint32_t>;  // old_of_new, or the class of each position

class FibredReshape;

class Orders {
 public:
  explicit Orders(Terms& terms);

  OrderId of(Index old_of_new);
  OrderId inverse(OrderId order);
  // The whole order of an axis of constant extent.
  Index index(const Axis& axis) const;
  // The permutation alone; empty for the plain order.
  const Index& permutation(OrderId order) const { return whole(order).permutation; }

  bool is_fibred(OrderId order) const { return !orders_[order].fibres.empty(); }
  // The order that is fibres[k] at position k of the leading axis.
  OrderId fibred(std::vector<OrderId> fibres);
  // Of a leading axis of which each position has become `times`.
  OrderId repeat_fibres(OrderId order, std::int64_t times);
  // What is fibred over an axis must be so in the other order too that the axis is said to be in.
  void must_follow(OrderId fibred, const Axis& lead, OrderId after) const;

  // The axis of x[p0], x[p1], ... for positions in range. What is fibred stays so.
  Axis select(const Axis& axis, std::span<const std::int64_t> positions);
  // An axis that is gathered in the encrypted model only: a lock.
  Axis gather(const Axis& axis, const Index& by);
  Axis concatenate(std::span<const Axis> parts);
  // The axis of runs of `size` elements, of which the last may be shorter. What belongs together
  // must have stayed so, in whatever order within its run.
  Axis runs(const Axis& axis, std::int64_t size);
  // The axes that a row-major Reshape makes. What is fibred must be beside the axis that leads it,
  // unless neither comes apart or together with other axes.
  std::vector<Axis> regroup(std::span<const Axis> from, std::span<const TermId> to);
  // Two axes of which the elements at equal positions meet, under broadcast.
  Axis meet(const Axis& x, const Axis& y);
  // Whether the axis, whose positions may repeat, can be said to be in that order as well.
  bool holds(const Axis& axis, OrderId order) const;
  // The extent that comes of two under broadcast, neither of them known.
  TermId broadcast(TermId x, TermId y);
  // From now on: where y is an extent, x is no longer than y. Where the two meet, they are equal (or x is repeated), so
  // that what comes out is as long as y; or there is nothing at all, of which all is true.
  void at_most(TermId x, TermId y) { at_most_[x] = y; }

 private:
  friend class FibredReshape;

  struct Order {
    Index permutation;
    TermId inner;
    std::vector<OrderId> fibres = {};  // then nothing else
    auto operator<=>(const Order&) const = default;
  };
  using Block = Order;  // on the way between two shapes; an empty permutation is plain

  // An axis of a part of a Reshape that comes out fibred: its order for each position in the
  // original of all axes of the part before it.
  struct Family {
    std::size_t axis;
    std::vector<OrderId> orders;
  };
  struct Part {
    std::vector<Axis> axes;
    std::vector<Family> families;
  };

  const Order& whole(OrderId order) const;  // throws where it is fibred
  std::size_t fibre_count(std::span<const Axis> axes) const;
  std::vector<Axis> at_fibre(std::span<const Axis> axes, std::size_t k) const;
  // What `make` makes of the axes in the orders that they have at each position of the leading one.
  std::vector<Axis> at_each_fibre(
      std::span<const Axis> axes,
      const std::function<std::vector<Axis>(const std::vector<Axis>&)>& make);
  std::int64_t small(TermId extent) const;
  OrderId intern(Order order);
  RepeatId intern_repeats(const Index& classes, TermId inner);
  RepeatId intern_repeats(const Index& classes) {
    return intern_repeats(classes, terms_.constant(1));
  }
  RepeatId canonical_repeats(const Block& block, TermId extent);
  Index classes(const Axis& axis) const;
  RepeatId joint(const Axis& x, const Axis& y);
  // An order that describes both axes, neither's own: one repeats rows, say, and one columns.
  std::optional<OrderId> common_order(const Axis& x, const Axis& y);
  std::pair<Index, TermId> spelled_out(const Block& block) const;
  OrderId canonical(const Block& block, TermId extent);
  Part regroup_part(std::span<const Axis> from, std::span<const TermId> to);
  void split_orders(Block block, std::span<const TermId> to, Part& out);
  Part regroup_fibres(std::span<const Axis> from, std::span<const TermId> to);
  Axis constant_part(const Axis& lead, std::size_t fibres);
  Block interleave(std::span<const Axis> axes);
  Block multiply(const Block& major, const Axis& minor);
  // Whether there was something to say.
  bool equate(Block& block, std::span<const Axis> from, std::span<const TermId> to);
  OrderId split_minor(Block& block, TermId extent, std::vector<OrderId>& family);
  // The axis that leads orders which depend on the position on all of these, `inner` positions
  // having one in common; nothing where all orders are the same. Changes `orders` to those of the
  // axis's positions.
  std::optional<std::size_t> leading(std::span<const Axis> axes, std::int64_t inner,
                                     std::vector<OrderId>& orders) const;
  void split_repeats(std::span<const Axis> from, std::vector<Axis>& to);
  RepeatId split_minor_repeats(Block& block, TermId extent);

  Terms& terms_;
  std::vector<Order> orders_;
  std::map<Order, OrderId> order_ids_;
  std::vector<Order> repeats_;  // with classes for permutations
  std::map<Order, RepeatId> repeat_ids_;
  std::map<TermId, std::set<TermId>> broadcasts_;  // what extents come of
  std::map<TermId, TermId> at_most_;
};

// How permutations of a mixed-radix axis come apart. All are empty where the permutation is no such
// product.
Index without_major(const Index& permutation);        // the least q with p = identity x q
std::uint32_t plain_minor(const Index& permutation);  // the largest r with p = q x identity of r
bool is_plain(const Index& permutation);
Index times(const Index& major, const Index& minor);
Index counting(std::size_t extent);
// p = q x r, the minor one of the given extent.
std::optional<std::pair<Index, Index>> come_apart(const Index& permutation, std::size_t minor);
// p(i, j) = (q(i), r[q(i)](j)).
std::optional<std::pair<Index, std::vector<Index>>> come_apart_in_fibres(const Index& permutation,
                                                                         std::size_t minor);

}  // namespace permcrypt::proof
