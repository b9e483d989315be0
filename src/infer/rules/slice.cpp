// Slice: cuts, and strided cuts that are products with a fixed minor part.
#include "infer/rules/slice.h"

#include <algorithm>

namespace permcrypt {
namespace {

// One axis of a Slice under both bindings.
struct Bounds {
  std::int64_t start[2], end[2], step;
  bool dynamic_start() const { return start[0] != start[1]; }
  bool dynamic_end() const { return end[0] != end[1]; }
};

struct Range {
  std::int64_t start[2], end[2], count[2];
};

// Start and end within the axis. A dynamic bound against a static axis is assumed to fit.
Range clamp_bounds(const Bounds& s, const Axis& axis) {
  Range out{};
  for (const int k : {0, 1}) {
    const std::int64_t n = k == 0 ? axis.a : axis.b;
    std::int64_t start = s.start[k] < 0 ? s.start[k] + n : s.start[k];
    std::int64_t end = s.end[k] < 0 ? s.end[k] + n : s.end[k];
    if (s.step > 0) {
      if (!s.dynamic_start()) start = std::clamp(start, std::int64_t{0}, n);
      if (!s.dynamic_end() || axis.dynamic()) end = std::clamp(end, std::int64_t{0}, n);
      out.count[k] = end <= start ? 0 : (end - start - 1) / s.step + 1;
    } else {
      start = std::clamp(start, std::int64_t{0}, n - 1);
      end = std::clamp(end, std::int64_t{-1}, n - 1);
      out.count[k] = start <= end ? 0 : (start - end - 1) / -s.step + 1;
    }
    out.start[k] = start;
    out.end[k] = end;
  }
  return out;
}

Axis strided(RuleCall& c, const Axis& axis, std::int64_t step) {
  const Axis major = c.free(axis.a / step);
  c.align({axis}, {major, c.fixed(step, "strided slice")});
  return major;
}

// Does nothing say how many of a static axis's indices are taken? From -n or 8 - n, which look
// alike here, to 8 it may be n, and from the last backwards it depends on where that is.
bool unknown_count(const Bounds& s, const Axis& axis) {
  if (axis.dynamic()) return false;
  if (s.step < 0) return s.dynamic_start() || s.dynamic_end();
  return s.dynamic_start() && !s.dynamic_end();
}

Axis slice_axis(RuleCall& c, const Axis& axis, const Bounds& s) {
  if (unknown_count(s, axis)) {
    c.pin(axis, "sliced at a position known at run time only");
    return c.unknown_extent("dynamic slice");
  }
  const Range r = clamp_bounds(s, axis);
  const bool same = r.start[0] == r.start[1] && r.end[0] == r.end[1];
  if (!axis.dynamic() && same && s.step == 1) {
    return r.end[0] <= r.start[0] ? c.fixed(0, "empty") : c.cut(axis, r.start[0], r.end[0]);
  }
  if (!axis.dynamic() && same && s.step > 1 && r.start[0] < s.step && axis.a % s.step == 0 &&
      r.end[0] > axis.a - s.step + r.start[0]) {
    return strided(c, axis, s.step);
  }
  if (s.step == 1 && r.start[0] == 0 && r.start[1] == 0 && r.count[0] == axis.a &&
      r.count[1] == axis.b) {
    return axis;
  }
  const char* why = s.step != 1 ? "strided slice" : "sliced at a position known at run time only";
  c.pin(axis, why);
  if (r.count[0] == 1 && r.count[1] == 1) return c.unit();
  if (r.count[0] <= 0 || r.count[1] <= 0) return c.unknown_extent("dynamic slice");
  return c.fixed(r.count[0], r.count[1], why);
}

}  // namespace

void slice(RuleCall& c) {
  const Operand& x = c.in(0);
  std::optional<IntsPair> starts, ends, axes, steps;
  std::size_t count = 0;
  if (const auto attribute = c.attr_ints("starts")) {
    const auto end = c.attr_ints("ends");
    if (!end) c.give_up("ends missing");
    starts = IntsPair{*attribute, *attribute};
    ends = IntsPair{*end, *end};
    if (const auto list = c.attr_ints("axes")) axes = IntsPair{*list, *list};
    count = attribute->size();
  } else {
    starts = c.ints(1);
    ends = c.ints(2);
    if (c.has(3)) axes = c.require_ints(3);
    if (c.has(4)) steps = c.require_ints(4);
    if (c.rank(1) != 1 || c.in(1).axes[0].dynamic()) c.give_up("bounds of unknown number");
    count = static_cast<std::size_t>(c.in(1).axes[0].a);
  }
  if ((axes && axes->a.size() != count) ||
      (steps && (steps->a.size() != count || !steps->is_static())) ||
      (starts && starts->a.size() != count) || (ends && ends->a.size() != count)) {
    c.give_up("bounds of unlike number");
  }
  std::vector<Axis> out = x.axes;
  for (std::size_t i = 0; i < count; ++i) {
    Axis& axis = out[static_cast<std::size_t>(
        c.to_axis(axes ? axes->a[i] : static_cast<std::int64_t>(i), c.rank(0)))];
    const std::int64_t step = steps ? steps->a[i] : 1;
    if (step == 0) c.give_up("step 0");
    if (!starts || !ends) {
      c.pin(axis, "sliced at a computed position");
      axis = c.unknown_extent("dynamic slice");
      continue;
    }
    axis = slice_axis(c, axis, {{starts->a[i], starts->b[i]}, {ends->a[i], ends->b[i]}, step});
  }
  c.out(0, std::move(out), x.type, x.label);
}

}  // namespace permcrypt
