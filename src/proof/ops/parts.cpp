// Operators that join axes or take parts of them. With fibred orders: an axis of which a part is
// taken, or to which others are joined, leads no longer, and none that depends on another comes
// apart.
#include <algorithm>
#include <numeric>

#include "proof/ops/movement.h"

namespace permcrypt::proof {
namespace {

void concat(Step& s) {
  const std::size_t rank = moved(s).size();
  const std::size_t k = s.axis(s.attr("axis", 1), rank);
  std::vector<std::size_t> arms;  // an empty one is how exporters start a cache
  for (std::size_t i = 0; i < s.operands(); ++i) {
    if (moved(s, i).size() != rank) throw NotUnderstood{"operands of unlike rank"};
    if (!s.terms.is(moved(s, i)[k].extent, 0)) arms.push_back(i);
  }
  if (arms.empty()) arms.push_back(0);
  Axes out = moved(s, arms[0]), joined;
  for (const std::size_t i : arms) {
    if (s.claim(i).code != s.claim(arms[0]).code) throw NotUnderstood{"indices of unlike axes"};
    joined.push_back(moved(s, i)[k]);
    for (std::size_t j = 0; j < rank; ++j) {
      if (j != k) out[j] = s.equal_extents(out[j], moved(s, i)[j]);
    }
  }
  for (const std::size_t i : arms) {
    const auto lead = s.lead_of(moved(s, i));
    if (lead && *lead != k) s.follow(moved(s, i), out[*lead]);
  }
  out[k] = joined.size() == 1 ? joined[0] : s.orders.concatenate(joined);
  s.out(0, std::move(out), s.type(arms[0])).code = s.claim(arms[0]).code;
}

std::vector<TermId> split_sizes(Step& s, const Axis& axis) {
  std::vector<TermId> out;
  if (const auto sizes = s.attr_ints("split")) {
    for (const std::int64_t n : *sizes) out.push_back(s.terms.constant(n));
    return out;
  }
  if (s.has(1)) return s.ints(1);
  const auto n = static_cast<std::int64_t>(s.node.outputs.size());
  if (const auto extent = s.terms.value(axis.extent)) {
    const std::int64_t each = (*extent + n - 1) / n;
    for (std::int64_t i = 0; i < n; ++i) {
      out.push_back(s.terms.constant(std::clamp(*extent - i * each, std::int64_t{0}, each)));
    }
  } else if (const auto each = s.terms.divide_exactly(axis.extent, s.terms.constant(n))) {
    out.assign(static_cast<std::size_t>(n), *each);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out.push_back(s.terms.unknown_extent());
  }
  return out;
}

// The axes of operand 0. Those that are joint are there, but in no order of their own.
const Axes& perhaps_joint(const Step& s) { return s.is_joint(0) ? *s.claim(0).axes : moved(s); }

// Only the axes in front of those that are joint have changed.
void leave_joint(Step& s, std::size_t k, Axes axes) {
  const Claim& x = s.claim(0);
  for (std::size_t i = x.joint_from; x.joint && i < axes.size(); ++i) {
    if (axes[i].extent != (*x.axes)[i].extent) {
      throw NotUnderstood{"several axes are renumbered at once"};
    }
  }
  Claim& out = s.out(k, std::move(axes), s.type(0));
  out.code = x.code;
  out.joint = x.joint;
  out.joint_from = x.joint_from;
}

void split(Step& s) {
  const Axes& x = perhaps_joint(s);
  const std::size_t k = s.axis(s.attr("axis", 0), x.size());
  if (s.is_joint(0) && k >= s.claim(0).joint_from) {
    throw NotUnderstood{"several axes are renumbered at once"};
  }
  const auto sizes = split_sizes(s, x[k]);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Axes out = x;
    if (x[k].order == kPlain) {
      out[k] = s.plain(sizes[i]);
    } else {
      const auto size = s.terms.value(sizes[i]);
      if (!size) throw NotUnderstood{"parts of unknown extent"};
      out[k] = s.cut(x[k], at, at + *size);
      at += *size;
    }
    leave_joint(s, i, std::move(out));
  }
}

// One axis of a Slice. A bound of -n counts from the end; what is out of range is clamped.
Axis slice_axis(const Step& s, const Axis& axis, TermId start, TermId end, std::int64_t step) {
  const auto first = s.terms.value(start), last = s.terms.value(end),
             extent = s.terms.value(axis.extent);
  constexpr std::int64_t kFar = 1 << 30;  // what exporters write for the end of any axis
  if (first == 0 && last && *last >= kFar && step == 1) return axis;
  if (first && last && extent) {
    const std::int64_t n = *extent;
    const auto clamp = [&](std::int64_t i, std::int64_t low, std::int64_t high) {
      return i < -n ? low : std::clamp(i < 0 ? i + n : i, low, high);
    };
    return step > 0 ? s.cut(axis, clamp(*first, 0, n), clamp(*last, 0, n), step)
                    : s.cut(axis, clamp(*first, 0, n - 1), clamp(*last, -1, n - 1), step);
  }
  if (axis.order != kPlain) throw NotUnderstood{"a renumbered axis is cut at dynamic places"};
  Terms& t = s.terms;
  // The last ones, of which there are so many: all of them.
  if (step == 1 && last && *last >= kFar && t.add(axis.extent, start) == t.constant(0)) return axis;
  // Bounds in range, whatever the extent is.
  if (step == 1 && first && last && *first >= 0 && (*last < 0 || *last >= kFar)) {
    const std::int64_t cut_off = *first - (*last < 0 ? *last : 0);
    s.assumptions.insert(t.show(axis.extent) + " is at least " + std::to_string(cut_off));
    return s.plain(t.subtract(axis.extent, t.constant(cut_off)));
  }
  // One position, or nothing at all, of which all is true.
  if (step == 1 && first && last && *first >= 0 && *last == *first + 1) return s.counted(1);
  const TermId size = t.function("slice", {axis.extent, start, end, t.constant(step)}, true);
  // The last n, or all where there are fewer: what comes from max(0, extent - n) on.
  if (const auto least = t.operands_of(start, "max"); step == 1 && least && t.nonnegative(start)) {
    for (const TermId bound : *least) {
      const TermId most = t.subtract(axis.extent, bound);
      if (!t.value(most)) s.orders.at_most(size, most);
    }
  }
  if (step == 1 && t.nonnegative(start) && t.nonnegative(end)) {
    const TermId whole = t.subtract(end, start);
    if (!t.nonnegative(whole)) return s.plain(size);
    if (t.nonnegative(t.subtract(axis.extent, end))) return s.plain(whole);
    s.orders.at_most(size, whole);
  }
  return s.plain(size);
}

Ints bounds(Step& s, std::string_view name, std::size_t k) {
  Ints out;
  if (const auto list = s.attr_ints(name)) {
    for (const std::int64_t n : *list) out.push_back(s.terms.constant(n));
    return out;
  }
  return s.ints(k);
}

void slice(Step& s) {
  Axes out = perhaps_joint(s);
  std::vector<std::int64_t> axes(out.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = s.ints_given("axes", 3).value_or(axes);
  const auto steps = s.has(4) ? s.constants(4) : std::vector<std::int64_t>(axes.size(), 1);
  try {
    const Ints starts = bounds(s, "starts", 1), ends = bounds(s, "ends", 2);
    axes.resize(std::min(axes.size(), starts.size()));
    if (ends.size() != starts.size() || steps.size() < axes.size()) {
      throw Contradiction{"bounds of unlike number"};
    }
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (steps[i] == 0) throw NotUnderstood{"a step of nothing"};
      if (s.is_joint(0) && steps[i] != 1) throw NotUnderstood{"several axes are renumbered at once"};
      Axis& axis = out[s.axis(axes[i], out.size())];
      axis = slice_axis(s, axis, starts[i], ends[i], steps[i]);
    }
  } catch (const NotUnderstood&) {
    // Bounds that are not known, but equal, cut plain axes alike.
    s.must_be_plain(1);
    s.must_be_plain(2);
    for (const std::int64_t k : axes) {
      Axis& axis = out[s.axis(k, out.size())];
      if (axis.order != kPlain) throw;
      axis = s.plain(s.terms.unknown_extent());
    }
  }
  leave_joint(s, 0, std::move(out));
}

// What is padded is the same everywhere, which is worth following along short axes.
void pad(Step& s) {
  constexpr std::int64_t kLong = 1 << 16;
  Axes out = s.axes(0);
  std::vector<std::int64_t> axes(out.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (s.has(3)) axes = s.constants(3);
  s.must_be_plain(2);
  const Ints pads = bounds(s, "pads", 1);
  const bool constant = s.attr_text("mode", "constant") == "constant";
  if (pads.size() != 2 * axes.size()) throw NotUnderstood{"pads do not fit"};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[s.axis(axes[i], out.size())];
    const TermId before = pads[i], after = pads[i + axes.size()];
    if (s.terms.is(before, 0) && s.terms.is(after, 0)) continue;
    const auto low = s.terms.value(before), high = s.terms.value(after);
    const bool known = axis.order != kPlain || s.terms.value(axis.extent).value_or(kLong) < kLong;
    if (constant && low && high && *low >= 0 && *high >= 0 && known) {
      axis = s.orders.concatenate(std::vector<Axis>{s.repeated(before), axis, s.repeated(after)});
    } else {
      if (!low || !high) {
        if (axis.order != kPlain) throw NotUnderstood{"a renumbered axis may be padded"};
      }
      s.in_order(axis);
      axis = s.plain(s.terms.add(s.terms.add(axis.extent, before), after));
    }
  }
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"", "Concat", concat},
    {"", "Split", split},
    {"", "Slice", slice},
    {"", "Pad", pad},
    {"com.microsoft", "Pad", pad},
};

}  // namespace

std::span<const Entry> part_definitions() { return kEntries; }

}  // namespace permcrypt::proof
