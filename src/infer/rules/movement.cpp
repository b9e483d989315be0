// Operators that only move elements: reshape, transpose, concatenate, cut, repeat, pad.
#include <algorithm>
#include <numeric>

#include "infer/registry.h"
#include "infer/rules/label_flow.h"
#include "infer/rules/reshape.h"
#include "infer/rules/slice.h"

namespace permcrypt {
namespace {

void transpose(RuleCall& c) {
  const auto& x = c.in(0);
  const int rank = c.rank(0);
  std::vector<std::int64_t> perm(static_cast<std::size_t>(rank));
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = c.attr_ints("perm").value_or(perm);
  if (perm.size() != x.axes.size()) c.give_up("perm does not fit the rank");
  std::vector<Axis> out;
  for (const std::int64_t p : perm)
    out.push_back(x.axes[static_cast<std::size_t>(c.to_axis(p, rank))]);
  c.out(0, std::move(out), x.type, x.label);
}

void flatten(RuleCall& c) {
  const Operand& x = c.in(0);
  std::int64_t k = c.attr("axis", 1);
  if (k < 0) k += c.rank(0);
  if (k < 0 || k > c.rank(0)) c.give_up("axis out of range");
  const auto middle = x.axes.begin() + k;
  c.out(0, {c.product({x.axes.begin(), middle}), c.product({middle, x.axes.end()})}, x.type,
        x.label);
}

void squeeze(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto axes = axes_argument(c, 1);
  std::vector<Axis> out;
  std::vector<bool> drop(x.axes.size(), false);
  for (std::size_t i = 0; i < drop.size(); ++i) drop[i] = !axes && x.axes[i].unit();
  for (const std::int64_t k : axes.value_or(std::vector<std::int64_t>{})) {
    const Axis& axis = x.axes[static_cast<std::size_t>(c.to_axis(k, c.rank(0)))];
    if (!axis.unit()) c.unify(axis, c.unit(), true);
    drop[static_cast<std::size_t>(c.to_axis(k, c.rank(0)))] = true;
  }
  for (std::size_t i = 0; i < drop.size(); ++i) {
    if (!drop[i]) out.push_back(x.axes[i]);
  }
  c.out(0, std::move(out), x.type, x.label);
}

void unsqueeze(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto axes = axes_argument(c, 1);
  if (!axes) c.give_up("axes missing");
  const int rank = c.rank(0) + static_cast<int>(axes->size());
  std::vector<bool> unit(static_cast<std::size_t>(rank), false);
  for (const std::int64_t k : *axes) unit[static_cast<std::size_t>(c.to_axis(k, rank))] = true;
  if (std::count(unit.begin(), unit.end(), true) != static_cast<std::ptrdiff_t>(axes->size())) {
    c.give_up("axis named twice");
  }
  std::vector<Axis> out;
  auto next = x.axes.begin();
  for (const bool u : unit) out.push_back(u ? c.unit() : *next++);
  c.out(0, std::move(out), x.type, x.label);
}

void concat(RuleCall& c) {
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 1, c.rank(0)));
  std::vector<std::size_t> arms;  // an empty arm of another shape is how exporters start a cache
  for (std::size_t i = 0; i < c.inputs(); ++i) {
    if (c.rank(i) != c.rank(0)) c.give_up("operands of unlike rank");
    const Axis& x = c.in(i).axes[k];
    if (x.a != 0 || x.b != 0) arms.push_back(i);
  }
  if (arms.empty()) arms.push_back(0);
  std::vector<Axis> out = c.in(arms[0]).axes;
  std::vector<Axis> joined;
  for (const std::size_t i : arms) {
    const auto& axes = c.in(i).axes;
    joined.push_back(axes[k]);
    for (std::size_t j = 0; j < out.size(); ++j) {
      if (j == k || i == arms[0]) continue;
      c.unify(out[j], axes[j], true);
      if (out[j].dynamic() && !axes[j].dynamic()) out[j] = axes[j];
    }
  }
  out[k] = joined.size() == 1 ? joined[0] : c.sum(joined);
  if (out[k].dynamic() && joined.size() > 1) {
    for (const Axis& axis : joined) c.pin(axis, "concatenated with a dynamic extent");
    out[k] = c.fixed(out[k].a, out[k].b, "dynamic extent");
  }
  c.out(0, std::move(out), c.in(arms[0]).type, merge_labels(c, arms));
}

constexpr auto kDynamicParts = "split of a dynamic extent";

// Nothing where only the run tells.
std::optional<IntsPair> split_sizes(RuleCall& c, const Axis& axis) {
  if (const auto sizes = c.attr_ints("split")) return IntsPair{*sizes, *sizes};
  if (c.has(1)) return c.ints(1);
  if (axis.dynamic()) return std::nullopt;
  const auto n = static_cast<std::int64_t>(c.node.outputs.size());
  const std::int64_t each = (axis.a + n - 1) / n;
  IntsPair out;
  for (std::int64_t i = 0; i < n; ++i)
    out.a.push_back(std::clamp(axis.a - i * each, std::int64_t{0}, each));
  out.b = out.a;
  return out;
}

void split(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  const Axis axis = x.axes[k];
  if (c.node.outputs.empty()) return;  // equal parts of nothing
  const auto sizes = split_sizes(c, axis);
  const bool open = !sizes || axis.dynamic() || !sizes->is_static();
  if (open) c.pin(axis, kDynamicParts);
  const std::size_t parts = std::min(c.node.outputs.size(), sizes ? sizes->a.size() : SIZE_MAX);
  std::int64_t position = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    std::vector<Axis> out = x.axes;
    if (!sizes) {
      out[k] = c.unknown_extent(kDynamicParts);
    } else if (open) {
      out[k] = c.fixed(sizes->a[i], sizes->b[i], kDynamicParts);
    } else {
      out[k] = c.cut(axis, position, position + sizes->a[i]);
      position += sizes->a[i];
    }
    c.out(i, std::move(out), x.type, x.label);
  }
}

void expand(RuleCall& c) {
  const Operand& x = c.in(0);
  const IntsPair shape = c.require_ints(1);
  const std::size_t rank = std::max(x.axes.size(), shape.a.size());
  std::vector<Axis> out;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t lead = rank - x.axes.size(), skip = rank - shape.a.size();
    const Axis axis = i < lead ? c.unit() : x.axes[i - lead];
    const std::int64_t a = i < skip ? 1 : shape.a[i - skip], b = i < skip ? 1 : shape.b[i - skip];
    if (axis.unit()) {
      out.push_back(c.free(a, b));  // a repetition: no state of its own
      continue;
    }
    if ((a != 1 || b != 1) && (a != axis.a || b != axis.b)) {
      c.ws.note("expanded to another extent at " + c.where());
      c.pin(axis, "expanded to another extent");
    }
    out.push_back(axis);
  }
  c.out(0, std::move(out), x.type, x.label);
}

void tile(RuleCall& c) {
  const Operand& x = c.in(0);
  const IntsPair repeats = c.require_ints(1);
  if (repeats.a.size() != x.axes.size()) c.give_up("repeats do not fit the rank");
  std::vector<Axis> out;
  for (std::size_t i = 0; i < x.axes.size(); ++i) {
    const bool once = repeats.a[i] == 1 && repeats.b[i] == 1;
    out.push_back(once ? x.axes[i] : c.product({c.free(repeats.a[i], repeats.b[i]), x.axes[i]}));
  }
  c.out(0, std::move(out), x.type, x.label);
}

void pad(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto attribute = c.attr_ints("pads");
  const auto amounts = attribute ? IntsPair{*attribute, *attribute} : c.ints(1, true);
  if (!amounts) c.give_up("pads computed at run time");
  const IntsPair& pads = *amounts;
  const auto open = [&](std::size_t i) { return !attribute && c.in(1).folded->open(i); };
  std::vector<std::int64_t> axes(x.axes.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (c.has(3)) axes = c.require_ints(3).a;
  const bool constant = c.attr_text("mode", "constant") == "constant";
  if (pads.a.size() != 2 * axes.size()) c.give_up("pads do not fit the rank");
  std::vector<Axis> out = x.axes;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[static_cast<std::size_t>(c.to_axis(axes[i], c.rank(0)))];
    const std::int64_t la = pads.a[i], lb = pads.b[i], ha = pads.a[i + axes.size()],
                       hb = pads.b[i + axes.size()];
    const bool remainder = open(i) || open(i + axes.size());
    if (la == 0 && lb == 0 && ha == 0 && hb == 0 && !remainder) continue;
    if (!constant || remainder || la < 0 || ha < 0 || la != lb || ha != hb || axis.dynamic()) {
      c.pin(axis, "padded");
      axis = c.fixed(axis.a + la + ha, axis.b + lb + hb, "padded");
    } else {
      axis = c.sum({c.free(la), axis, c.free(ha)});  // all of what is padded with is one value
    }
  }
  c.out(0, std::move(out), x.type);
}

const OpRule kRules[] = {
    {"", "Transpose", 1, kAnyOpset, "([i,j])->([j,i])", transpose, true},
    {"", "Reshape", 1, kAnyOpset, "([a*b])->([a,b])", reshape, true},
    {"", "Flatten", 1, kAnyOpset, "([a,b,c])->([a,b*c])", flatten, true},
    {"", "Squeeze", 1, kAnyOpset, "([a,1])->([a])", squeeze, true},
    {"", "Unsqueeze", 1, kAnyOpset, "([a])->([a,1])", unsqueeze, true},
    {"", "Concat", 1, kAnyOpset, "([a],[b])->([a+b])", concat, true},
    {"", "Slice", 1, kAnyOpset, "([a+b+c])->([b])", slice, true},
    {"", "Split", 1, kAnyOpset, "([a+b])->([a],[b])", split, true},
    {"", "Expand", 8, kAnyOpset, "([1,a])->([r,a])", expand, true},
    {"", "Tile", 6, kAnyOpset, "([a])->([r*a])", tile, true},
    {"", "Pad", 1, kAnyOpset, "([a])->([p+a+q])", pad},
    {"com.microsoft", "Pad", 1, kAnyOpset, "([a])->([p+a+q])", pad},
    {"com.microsoft", "ExpandDims", 1, kAnyOpset, "([a])->([a,1])", unsqueeze, true},
};

}  // namespace

std::span<const OpRule> movement_rules() { return kRules; }

}  // namespace permcrypt
