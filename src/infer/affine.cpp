#include "infer/affine.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/checked.h"
#include "infer/rule.h"
#include "infer/small_tensor.h"

namespace permcrypt {
namespace {

using Pair = Dimensions::Pair;
using Stride = std::optional<Pair>;
using Form = std::optional<Affine>;

constexpr Pair kZero{0, 0}, kOne{1, 1}, kMinusOne{-1, -1};

Pair extent_of(const Axis& axis) { return {axis.a, axis.b}; }

std::optional<Pair> plus(Pair x, Pair y) {
  const auto a = checked_add(x.first, y.first), b = checked_add(x.second, y.second);
  return a && b ? std::optional(Pair{*a, *b}) : std::nullopt;
}

std::optional<Pair> times(Pair x, Pair y) {
  const auto a = checked_mul(x.first, y.first), b = checked_mul(x.second, y.second);
  return a && b ? std::optional(Pair{*a, *b}) : std::nullopt;
}

template <class Operation>
Stride apply(Operation operation, const Stride& x, const Stride& y) {
  return x && y ? operation(*x, *y) : std::nullopt;
}

// REQUIRES: as many strides in both.
Affine added(Affine x, const Affine& y) {
  x.offset = apply(plus, x.offset, y.offset);
  for (std::size_t k = 0; k < x.strides.size(); ++k) {
    x.strides[k] = apply(plus, x.strides[k], y.strides[k]);
  }
  return x;
}

Affine scaled(Affine x, const Stride& factor) {
  x.offset = apply(times, x.offset, factor);
  for (std::size_t k = 0; k < x.strides.size(); ++k) {
    if (!x.constant_along(k)) x.strides[k] = apply(times, x.strides[k], factor);
  }
  return x;
}

// Elements of which only the extents are known.
Affine bent(const std::vector<Axis>& axes) {
  Affine out;
  for (const Axis& axis : axes) out.strides.push_back(axis.unit() ? Stride(kZero) : std::nullopt);
  return out;
}

// ---------------------------------------------------------------------------- from elements

// The offset, then one stride per axis, if they give every element.
std::optional<std::vector<std::int64_t>> coefficients(const SmallTensor& t) {
  if (t.ints.empty() || t.ints.size() != count_elements(t.shape)) return std::nullopt;
  std::vector<std::int64_t> out(t.shape.size() + 1, 0);
  out[0] = t.ints[0];
  std::size_t step = 1;  // between neighbours along axis k
  for (std::size_t k = t.shape.size(); k-- > 0;) {
    const auto extent = static_cast<std::size_t>(t.shape[k]);
    std::int64_t& stride = out[k + 1];
    if (extent > 1 && __builtin_sub_overflow(t.ints[step], t.ints[0], &stride)) return std::nullopt;
    for (std::size_t i = step; i < t.ints.size(); ++i) {
      const bool first = i / step % extent == 0;
      if (!first && checked_add(t.ints[i - step], stride) != t.ints[i]) return std::nullopt;
    }
    step *= extent;
  }
  return out;
}

Form from_elements(const Folded& folded) {
  if (!folded.a.integral || folded.c || folded.at(1).shape != folded.a.shape) return std::nullopt;
  const auto a = coefficients(folded.a);
  const auto b = folded.is_static() ? a : coefficients(folded.at(1));
  if (!a || !b) return std::nullopt;
  Affine out{Pair{a->front(), b->front()}, {}};
  for (std::size_t k = 1; k < a->size(); ++k) out.strides.emplace_back(Pair{(*a)[k], (*b)[k]});
  return out;
}

// Column `column` of an array whose last axis holds the columns.
SmallTensor column_of(const SmallTensor& t, std::size_t column) {
  SmallTensor out{{t.shape.begin(), t.shape.end() - 1}, true, {}, {}};
  const auto columns = static_cast<std::size_t>(t.shape.back());
  for (std::size_t i = column; i < t.ints.size(); i += columns) out.ints.push_back(t.ints[i]);
  return out;
}

// ---------------------------------------------------------------------------- through operators

const Operand& input(const RuleCall& c, std::size_t k) {
  static const Operand missing;
  return c.has(k) ? c.ws.operands[c.node.inputs[k]] : missing;
}

Form range(const RuleCall& c, const Operand&) {
  const Form start = affine_of(input(c, 0)), step = affine_of(input(c, 2));
  if (!start || !step) return std::nullopt;
  return Affine{start->offset, {step->offset}};
}

// An operand as it is read along the axes of the result.
Form broadcast_to(const Operand& x, const std::vector<Axis>& axes) {
  const Form form = affine_of(x);
  if (!form || x.axes.size() > axes.size()) return std::nullopt;
  Affine out{form->offset, std::vector<Stride>(axes.size(), kZero)};
  const std::size_t lead = axes.size() - x.axes.size();
  for (std::size_t k = 0; k < x.axes.size(); ++k) {
    if (x.axes[k].unit()) continue;
    if (!x.axes[k].same_extent(axes[lead + k])) return std::nullopt;
    out.strides[lead + k] = form->strides[k];
  }
  return out;
}

bool is_scalar(const Affine& form) {
  return std::ranges::all_of(form.strides, [](const Stride& s) { return s == kZero; });
}

// What depends on the indices that `x` or `y` depends on, nobody knows how.
Affine mixed(Affine x, const Affine& y) {
  x.offset.reset();
  for (std::size_t k = 0; k < x.strides.size(); ++k) {
    if (!x.constant_along(k) || !y.constant_along(k)) x.strides[k].reset();
  }
  return x;
}

Form arithmetic(const RuleCall& c, const Operand& result) {
  const Form x = broadcast_to(input(c, 0), result.axes);
  const Form y = x ? broadcast_to(input(c, 1), result.axes) : std::nullopt;
  if (!y) return std::nullopt;
  if (c.node.op == "Mul") {
    if (is_scalar(*x)) return scaled(*y, x->offset);
    return is_scalar(*y) ? scaled(*x, y->offset) : mixed(*x, *y);
  }
  return added(*x, c.node.op == "Sub" ? scaled(*y, kMinusOne) : *y);
}

// Operators that at most add and drop unit axes.
Form same_elements(const RuleCall& c, const Operand& result) {
  const Operand& x = input(c, 0);
  const Form form = affine_of(x);
  if (!form) return std::nullopt;
  Affine out{form->offset, {}};
  std::size_t next = 0;
  const auto skip_units = [&] {
    while (next < x.axes.size() && x.axes[next].unit()) ++next;
  };
  for (const Axis& axis : result.axes) {
    out.strides.push_back(kZero);
    if (axis.unit()) continue;
    skip_units();
    if (next == x.axes.size() || !x.axes[next].same_extent(axis)) return std::nullopt;
    out.strides.back() = form->strides[next++];
  }
  skip_units();
  return next == x.axes.size() ? Form(out) : std::nullopt;
}

Form transpose(const RuleCall& c, const Operand& result) {
  const Form form = affine_of(input(c, 0));
  if (!form) return std::nullopt;
  const auto rank = static_cast<int>(result.axes.size());
  std::vector<std::int64_t> perm(result.axes.size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = c.attr_ints("perm").value_or(perm);
  Affine out{form->offset, {}};
  for (const std::int64_t p : perm) {
    out.strides.push_back(form->strides[static_cast<std::size_t>(c.to_axis(p, rank))]);
  }
  return out;
}

// The rule lets an axis meet another extent, which may be 1 at run time; here that would be a
// guess.
Form expand(const RuleCall& c, const Operand& result) {
  const FoldedPtr& shape = input(c, 1).folded;
  if (!shape || shape->c || shape->a.ints.size() > result.axes.size()) return std::nullopt;
  const std::size_t lead = result.axes.size() - shape->a.ints.size();
  for (std::size_t k = 0; k < shape->a.ints.size(); ++k) {
    const Pair extent{shape->at(0).ints[k], shape->at(1).ints[k]};
    if (extent != kOne && extent != extent_of(result.axes[lead + k])) return std::nullopt;
  }
  return broadcast_to(input(c, 0), result.axes);
}

}  // namespace

std::optional<Affine> affine_of(const Operand& x) {
  if (!x.known || !is_index_type(x.type)) return std::nullopt;
  if (!x.folded) return x.affine ? Form(*x.affine) : bent(x.axes);
  const bool as_shaped =
      std::ranges::equal(x.folded->a.shape, x.axes, [](std::int64_t n, const Axis& axis) {
        return extent_of(axis) == Pair{n, n};
      });
  const Form form = as_shaped ? from_elements(*x.folded) : std::nullopt;
  return form ? form : bent(x.axes);
}

std::optional<Affine> affine_result(const RuleCall& c, const Operand& result) {
  using Transfer = Form (*)(const RuleCall&, const Operand&);
  static const std::unordered_map<std::string_view, Transfer> table = {
      {"Range", range},           {"Add", arithmetic},         {"Sub", arithmetic},
      {"Mul", arithmetic},        {"Identity", same_elements}, {"Cast", same_elements},
      {"Reshape", same_elements}, {"Squeeze", same_elements},  {"Unsqueeze", same_elements},
      {"Transpose", transpose},   {"Expand", expand},
  };
  if (!c.node.domain.empty() || !result.known || !is_index_type(result.type)) return std::nullopt;
  const auto transfer = table.find(c.node.op);
  return transfer == table.end() ? std::nullopt : transfer->second(c, result);
}

std::optional<Enumeration> enumeration_of(const Affine& form, const std::vector<Axis>& axes) {
  if (!form.offset) return std::nullopt;
  std::vector<std::size_t> left;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (axes[k].a < 1 || axes[k].b < 1) return std::nullopt;
    if (!axes[k].unit()) left.push_back(k);
  }
  Enumeration out{*form.offset, kOne, {}};
  while (!left.empty()) {  // the next axis steps over all that the minor ones number
    const auto next =
        std::ranges::find_if(left, [&](std::size_t k) { return form.strides[k] == out.extent; });
    if (next == left.end()) return std::nullopt;
    const auto extent = times(out.extent, extent_of(axes[*next]));
    if (!extent) return std::nullopt;
    out.extent = *extent;
    out.order.insert(out.order.begin(), *next);
    left.erase(next);
  }
  return out;
}

std::vector<Affine> columns_of(const Operand& index) {
  if (!index.known || !is_index_type(index.type) || index.axes.empty()) return {};
  if (!index.folded || !index.folded->is_static() || !index.folded->a.integral) {
    return index.columns ? *index.columns : std::vector<Affine>{};
  }
  const SmallTensor& t = index.folded->a;
  const bool as_shaped = t.shape.size() == index.axes.size() &&
                         std::ranges::equal(t.shape, index.axes, [](std::int64_t n, const Axis& x) {
                           return extent_of(x) == Pair{n, n};
                         });
  if (!as_shaped) return {};
  const std::vector<Axis> lead(index.axes.begin(), index.axes.end() - 1);
  std::vector<Affine> out;
  for (std::size_t k = 0; k < static_cast<std::size_t>(t.shape.back()); ++k) {
    const Form form = from_elements({column_of(t, k), {}, {}});
    out.push_back(form ? *form : bent(lead));
  }
  return out;
}

std::vector<Affine> columns_result(const RuleCall& c, const Operand& result) {
  if (!c.node.domain.empty() || !result.known || !is_index_type(result.type)) return {};
  if (c.node.op == "Cast" || c.node.op == "Identity") return columns_of(input(c, 0));
  const auto rank = static_cast<int>(result.axes.size());
  if (c.node.op != "Concat" || rank == 0 || c.attr_axis("axis", 0, rank) != rank - 1) return {};
  std::vector<Affine> out;
  for (std::size_t k = 0; k < c.inputs(); ++k) {
    Form form = affine_of(input(c, k));
    if (!form || !input(c, k).axes.back().unit()) return {};
    form->strides.pop_back();
    out.push_back(*std::move(form));
  }
  return out;
}

}  // namespace permcrypt
