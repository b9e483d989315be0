// Reshape: axes that come apart and together, of extents that may be known at run time only.
#include "infer/rules/reshape.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace permcrypt {
namespace {

// Products of extents that may not fit 64 bits.
__extension__ using Wide = __int128;
constexpr Wide kMaxElements = Wide{1} << 120;

using Extents = std::vector<std::pair<std::int64_t, std::int64_t>>;

// The shape under one binding; -1 stays where no whole extent fits.
std::vector<std::int64_t> target_shape(RuleCall& c, const std::vector<Axis>& x,
                                       std::vector<std::int64_t> shape, bool first) {
  const bool allow_zero = c.attr("allowzero", 0) != 0;
  const auto extent = [&](const Axis& axis) { return first ? axis.a : axis.b; };
  Wide total = 1, known = 1;
  for (const Axis& axis : x) {
    if (extent(axis) > 0 && total > kMaxElements / extent(axis)) c.give_up("extent too large");
    total *= extent(axis);
  }
  std::ptrdiff_t open = -1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= x.size()) c.give_up("shape copies a missing axis");
      shape[i] = extent(x[i]);
    }
    if (shape[i] == -1) {
      open = static_cast<std::ptrdiff_t>(i);
    } else if (shape[i] < -1 || (shape[i] > 0 && known > kMaxElements / shape[i])) {
      c.give_up("shape out of range");
    } else {
      known *= shape[i];
    }
  }
  if (open >= 0 && known > 0 && total % known == 0 && total / known <= Wide{INT64_MAX}) {
    shape[static_cast<std::size_t>(open)] = static_cast<std::int64_t>(total / known);
  }
  return shape;
}

// New axes for a Reshape. A dynamic one (batch x heads) has no state of its own: it inherits by
// alignment, and its static factors stay free.
std::vector<Axis> reshape_to(RuleCall& c, const std::vector<Axis>& x, const Extents& shape) {
  std::vector<const Axis*> old;
  for (const Axis& axis : x) {
    if (!axis.unit()) old.push_back(&axis);
  }
  std::vector<Axis> out;
  for (const auto& [a, b] : shape) out.push_back(c.free(a, b));
  std::vector<std::size_t> real;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!out[i].unit()) real.push_back(i);
  }
  const bool only_units_move =
      old.size() == real.size() &&
      std::equal(old.begin(), old.end(), real.begin(),
                 [&](const Axis* o, std::size_t i) { return o->same_extent(out[i]); });
  if (only_units_move) {
    for (std::size_t i = 0; i < real.size(); ++i) out[real[i]] = *old[i];
  } else {
    c.align(x, out);
  }
  return out;
}

// A table in a computed shape: most likely its last axis stays, and the others tell the extents
// that the shape takes from a picture whose size is open.
void compare_leading(RuleCall& c, const Operand& table, const Extents& shape) {
  if (!table.constant || c.inputs() < 2 || c.in(1).constant || shape.empty()) return;
  Axis had, wanted;
  for (std::size_t k = 0; k + 1 < table.axes.size(); ++k) had.a *= table.axes[k].a;
  had.b = had.a;
  for (std::size_t k = 0; k + 1 < shape.size(); ++k) {
    if (__builtin_mul_overflow(wanted.a, shape[k].first, &wanted.a) ||
        __builtin_mul_overflow(wanted.b, shape[k].second, &wanted.b)) {
      return;
    }
  }
  if (!had.same_extent(wanted)) c.note_mismatch(had, wanted);
}

}  // namespace

void reshape(RuleCall& c) {
  Operand& x = c.in(0);
  IntsPair shape;
  if (const auto attribute = c.attr_ints("shape"); attribute && c.inputs() == 1) {
    shape = {*attribute, *attribute};
  } else {
    shape = c.require_ints(1);
  }
  const auto a = target_shape(c, x.axes, shape.a, true),
             b = target_shape(c, x.axes, shape.b, false);
  Extents extents;
  const bool dynamic =
      std::any_of(x.axes.begin(), x.axes.end(), [](const Axis& axis) { return axis.dynamic(); });
  bool open = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool solved = a[i] >= 0 && b[i] >= 0;
    open = open || (!solved && !dynamic);
    extents.push_back(solved ? Extents::value_type{a[i], b[i]} : c.ws.dimensions.fresh());
  }
  compare_leading(c, x, extents);
  if (!open) return c.out(0, reshape_to(c, x.axes, extents), x.type, x.label);
  if (shape.is_static()) c.give_up("element counts differ");
  const auto why = "reshaped to a shape known at run time only";
  c.pin(x, why);
  std::vector<Axis> out;
  for (const auto& [first, second] : extents) out.push_back(c.fixed(first, second, why));
  c.out(0, std::move(out), x.type);
}

}  // namespace permcrypt
