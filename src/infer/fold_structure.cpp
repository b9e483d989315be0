#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/checked.h"
#include "infer/fold_operators.h"
#include "infer/small_tensor.h"

namespace permcrypt {

const onnx::AttributeProto* find_attribute(const GraphNode& node, std::string_view name) {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

std::int64_t int_attribute(const GraphNode& node, std::string_view name, std::int64_t otherwise) {
  const auto* a = find_attribute(node, name);
  return a ? a->i() : otherwise;
}

namespace {

using Operands = FoldOperands;
using Results = FoldResults;

// Axes given as attribute (older opsets) or as operand k.
std::optional<std::vector<std::int64_t>> axes_of(const GraphNode& node, Operands in,
                                                 std::size_t k) {
  if (const auto* a = find_attribute(node, "axes")) {
    return std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
  }
  if (k < in.size() && in[k]) return in[k]->ints;
  return std::nullopt;
}

std::optional<std::size_t> normal_axis(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) return std::nullopt;
  return static_cast<std::size_t>(axis);
}

std::optional<SmallTensor> reshape(const GraphNode& node, Operands in) {
  std::vector<std::int64_t> shape = in[1]->ints;
  const bool allow_zero = int_attribute(node, "allowzero", 0) != 0;
  std::int64_t known = 1, unknown = -1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero && i < in[0]->shape.size()) shape[i] = in[0]->shape[i];
    if (shape[i] == -1) {
      unknown = static_cast<std::int64_t>(i);
    } else if (shape[i] < 0 || __builtin_mul_overflow(known, shape[i], &known)) {
      return std::nullopt;
    }
  }
  const auto total = static_cast<std::int64_t>(in[0]->size());
  if (unknown >= 0) shape[static_cast<std::size_t>(unknown)] = known == 0 ? 0 : total / known;
  if (count_elements(shape) != static_cast<std::size_t>(total)) return std::nullopt;
  SmallTensor out = *in[0];
  out.shape = std::move(shape);
  return out;
}

std::optional<SmallTensor> squeeze(const GraphNode& node, Operands in) {
  SmallTensor out = *in[0];
  const auto axes = axes_of(node, in, 1);
  std::vector<bool> drop(out.shape.size(), false);
  for (std::size_t i = 0; i < drop.size(); ++i) drop[i] = !axes && out.shape[i] == 1;
  for (const std::int64_t a : axes.value_or(std::vector<std::int64_t>{})) {
    const auto k = normal_axis(a, drop.size());
    if (!k || out.shape[*k] != 1) return std::nullopt;
    drop[*k] = true;
  }
  out.shape.clear();
  for (std::size_t i = 0; i < drop.size(); ++i) {
    if (!drop[i]) out.shape.push_back(in[0]->shape[i]);
  }
  return out;
}

std::optional<SmallTensor> unsqueeze(const GraphNode& node, Operands in) {
  const auto axes = axes_of(node, in, 1);
  if (!axes) return std::nullopt;
  const std::size_t rank = in[0]->shape.size() + axes->size();
  std::vector<bool> unit(rank, false);
  for (const std::int64_t a : *axes) {
    const auto k = normal_axis(a, rank);
    if (!k) return std::nullopt;
    unit[*k] = true;
  }
  SmallTensor out = *in[0];
  out.shape.clear();
  std::size_t next = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    if (!unit[i] && next >= in[0]->shape.size()) return std::nullopt;
    out.shape.push_back(unit[i] ? 1 : in[0]->shape[next++]);
  }
  return out;
}

std::optional<SmallTensor> concat(const GraphNode& node, Operands in) {
  const auto axis = normal_axis(int_attribute(node, "axis", 0), in[0]->shape.size());
  if (!axis || std::ranges::find(in, nullptr) != in.end()) return std::nullopt;
  return concatenate(in, *axis);
}

std::optional<SmallTensor> gather(const GraphNode& node, Operands in) {
  const auto axis = normal_axis(int_attribute(node, "axis", 0), in[0]->shape.size());
  if (!axis || !in[1]->integral) return std::nullopt;
  return take(*in[0], *in[1], *axis);
}

std::optional<SmallTensor> slice(const GraphNode& node, Operands in) {
  std::vector<std::int64_t> starts, ends, axes, steps;
  if (const auto* s = find_attribute(node, "starts")) {
    const auto* e = find_attribute(node, "ends");
    if (!e) return std::nullopt;
    starts.assign(s->ints().begin(), s->ints().end());
    ends.assign(e->ints().begin(), e->ints().end());
    axes = axes_of(node, {}, 0).value_or(std::vector<std::int64_t>{});
  } else {
    if (in.size() < 3 || !in[1] || !in[2]) return std::nullopt;
    starts = in[1]->ints;
    ends = in[2]->ints;
    if (in.size() > 3 && in[3]) axes = in[3]->ints;
    if (in.size() > 4 && in[4]) steps = in[4]->ints;
  }
  if (axes.empty()) {
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return std::nullopt;
  }
  SmallTensor out = *in[0];
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto k = normal_axis(axes[i], out.shape.size());
    if (!k || steps[i] == 0) return std::nullopt;
    SmallTensor picks{{0}, true, slice_positions(out.shape[*k], starts[i], ends[i], steps[i]), {}};
    picks.shape[0] = static_cast<std::int64_t>(picks.ints.size());
    auto next = take(out, picks, *k);
    if (!next) return std::nullopt;
    out = *std::move(next);
  }
  return out;
}

std::optional<SmallTensor> transpose(const GraphNode& node, const SmallTensor& x) {
  std::vector<std::size_t> perm;
  if (const auto* a = find_attribute(node, "perm")) {
    for (const auto p : a->ints()) {
      const auto k = normal_axis(p, x.shape.size());
      if (!k) return std::nullopt;
      perm.push_back(*k);
    }
  } else {
    for (std::size_t i = x.shape.size(); i-- > 0;) perm.push_back(i);
  }
  return transposed(x, perm);
}

std::optional<SmallTensor> expand(Operands in) {
  const auto shape = broadcast_shape(in[0]->shape, in[1]->ints);
  if (!shape) return std::nullopt;
  const auto index = broadcast_index(in[0]->shape, *shape);
  if (!index) return std::nullopt;
  SmallTensor out{*shape, in[0]->integral, {}, {}};
  for (const std::size_t i : *index) append_element(out, *in[0], i);
  return out;
}

std::optional<SmallTensor> reduce(const GraphNode& node, Operands in) {
  const SmallTensor& x = *in[0];
  if (!x.integral) return std::nullopt;
  const std::string_view op = node.op;
  const auto axes = axes_of(node, in, 1);
  if (axes && axes->size() != 1 && axes->size() != x.shape.size()) return std::nullopt;
  if (x.shape.size() != 1 || x.ints.empty()) return std::nullopt;  // shape arithmetic only
  std::int64_t v = op == "ReduceProd" ? 1 : op == "ReduceSum" ? 0 : x.ints[0];
  for (const std::int64_t e : x.ints) {
    if (op == "ReduceProd" && __builtin_mul_overflow(v, e, &v)) return std::nullopt;
    if (op == "ReduceSum" && __builtin_add_overflow(v, e, &v)) return std::nullopt;
    if (op == "ReduceMax") v = std::max(v, e);
    if (op == "ReduceMin") v = std::min(v, e);
  }
  SmallTensor out{{}, true, {v}, {}};
  if (int_attribute(node, "keepdims", 1)) out.shape = {1};
  return out;
}

std::optional<SmallTensor> range(Operands in) {
  const bool known = std::ranges::all_of(in, [](const SmallTensor* x) { return !x->ints.empty(); });
  if (!known || in[2]->ints[0] == 0) return std::nullopt;
  const std::int64_t start = in[0]->ints[0], limit = in[1]->ints[0], step = in[2]->ints[0];
  if (std::abs(static_cast<double>(limit) - static_cast<double>(start)) >
      static_cast<double>(kMaxFoldedInts) * std::abs(static_cast<double>(step))) {
    return std::nullopt;
  }
  SmallTensor out{{0}, true, {}, {}};
  for (std::int64_t v = start; step > 0 ? v < limit : v > limit;) {
    out.ints.push_back(v);
    if (__builtin_add_overflow(v, step, &v)) break;
  }
  out.shape[0] = static_cast<std::int64_t>(out.ints.size());
  return out;
}

Results split(const GraphNode& node, Operands in) {
  const auto axis = normal_axis(int_attribute(node, "axis", 0), in[0]->shape.size());
  if (!axis) return {};
  const std::int64_t extent = in[0]->shape[*axis];
  std::vector<std::int64_t> parts;
  if (const auto* a = find_attribute(node, "split")) {
    parts.assign(a->ints().begin(), a->ints().end());
  } else if (in.size() > 1 && in[1]) {
    parts = in[1]->ints;
  } else {
    const auto n = static_cast<std::int64_t>(node.outputs.size());
    if (n == 0) return {};
    const std::int64_t each = (extent + n - 1) / n;
    for (std::int64_t i = 0; i < n; ++i)
      parts.push_back(std::clamp(extent - i * each, std::int64_t{0}, each));
  }
  Results out;
  std::int64_t position = 0;
  for (const std::int64_t n : parts) {
    if (n < 0 || n > extent - position) return {};
    SmallTensor picks{{n}, true, slice_positions(extent, position, position + n, 1), {}};
    out.push_back(take(*in[0], picks, *axis));
    position += n;
  }
  return out;
}

std::optional<SmallTensor> constant_of_shape(const GraphNode& node, Operands in) {
  if (find_attribute(node, "value")) return std::nullopt;  // the rule reads the tensor
  if (count_elements(in[0]->ints) > kMaxFoldedReals) return std::nullopt;
  return SmallTensor{in[0]->ints, false, {}, std::vector<double>(count_elements(in[0]->ints), 0.0)};
}

}  // namespace

std::optional<FoldResults> fold_structure(const GraphNode& node, FoldOperands in) {
  struct Rule {
    std::size_t operands;  // at least so many, and all of these
    std::optional<SmallTensor> (*apply)(const GraphNode&, Operands);
  };
  static const std::unordered_map<std::string_view, Rule> table = {
      {"Reshape", {2, reshape}},
      {"Squeeze", {1, squeeze}},
      {"Unsqueeze", {1, unsqueeze}},
      {"Concat", {1, concat}},
      {"Gather", {2, gather}},
      {"Slice", {1, slice}},
      {"Transpose", {1, [](const GraphNode& n, Operands x) { return transpose(n, *x[0]); }}},
      {"Expand", {2, [](const GraphNode&, Operands x) { return expand(x); }}},
      {"Range", {3, [](const GraphNode&, Operands x) { return range(x.first(3)); }}},
      {"ReduceProd", {1, reduce}},
      {"ReduceSum", {1, reduce}},
      {"ReduceMax", {1, reduce}},
      {"ReduceMin", {1, reduce}},
      {"ConstantOfShape", {1, constant_of_shape}},
  };
  if (node.op == "Split") return split(node, in);
  const auto it = table.find(node.op);
  if (it == table.end()) return std::nullopt;
  if (in.size() < it->second.operands) return Results();
  const auto required = in.first(it->second.operands);
  if (std::ranges::find(required, nullptr) != required.end()) return Results();
  return Results{it->second.apply(node, in)};
}

}  // namespace permcrypt
