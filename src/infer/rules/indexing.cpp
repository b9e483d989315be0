// Operators that select by index. The elements of the index operand are coordinates of the indexed
// axis (labels); a constant scalar or contiguous list is a cut.
#include <algorithm>

#include "infer/registry.h"
#include "infer/rules/coordinates.h"
#include "infer/rules/label_flow.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

bool is_known(const Operand& o) {
  return o.folded && o.folded->is_static() && o.folded->a.integral;
}

// Indexes `axis` by the elements of `index`; unlabelled elements pin it.
void attach(RuleCall& c, Operand& index, const Axis& axis) {
  if (index.label == kNone) {
    c.pin(axis, "indexed by computed values");
  } else {
    c.labels.attach(index.label, axis);
  }
}

bool all_in_range(const Operand& index, const Axis& axis) {
  return std::ranges::all_of(index.folded->a.ints,
                             [&](std::int64_t i) { return i >= -axis.a && i < axis.a; });
}

// Positions that number a part of the axis in mixed radix: the axes that replace it are a Reshape
// of that part, perhaps transposed. Nothing when the positions are not of this kind.
std::optional<std::vector<Axis>> gather_enumerated(RuleCall& c, Operand& index, const Axis& axis) {
  const auto form = affine_of(index);
  const auto all = form ? enumeration_of(*form, index.axes) : std::nullopt;
  if (!all) return std::nullopt;
  auto [begin, dynamic_begin] = all->begin;
  const auto [extent, dynamic_extent] = all->extent;
  Axis part = axis;
  if (all->begin != Dimensions::Pair{0, 0} || extent != axis.a || dynamic_extent != axis.b) {
    if (begin != dynamic_begin || extent != dynamic_extent || axis.dynamic()) return std::nullopt;
    if (begin < -axis.a || begin >= axis.a) return std::nullopt;
    if (begin < 0) begin += axis.a;
    if (extent > axis.a - begin) return std::nullopt;
    part = c.cut(axis, begin, begin + extent);
  }
  c.pin(index, "constant positions");
  std::vector<Axis> out(index.axes.size()), parts;
  for (const std::size_t k : all->order) {
    out[k] = all->order.size() == 1 ? part : c.free(index.axes[k].a, index.axes[k].b);
    parts.push_back(out[k]);
  }
  if (parts.size() > 1) c.align({part}, parts);
  return out;
}

// Gather at other constant positions. Returns the axes that replace the indexed one.
std::vector<Axis> gather_constant(RuleCall& c, Operand& index, const Axis& axis) {
  if (axis.dynamic()) {
    c.pin(axis, "indexed by a constant");
    c.pin(index, "indexes a dynamic axis");
    return index.axes;
  }
  if (!all_in_range(index, axis)) c.give_up("constant index out of range");
  if (index.tensor != kNone && c.labels.source(index.label) == LabelSource::kConstant) {
    c.labels.attach(index.label, axis);  // the table itself can be rewritten
    return index.axes;
  }
  c.pin(axis, "indexed by a computed constant");
  c.pin(index, "computed index");
  return index.axes;
}

void gather(RuleCall& c) {
  Operand &data = c.in(0), &index = c.in(1);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  const Axis axis = data.axes[k];
  std::vector<Axis> middle;
  if (auto axes = gather_enumerated(c, index, axis)) {
    middle = *std::move(axes);
  } else if (is_known(index)) {
    middle = gather_constant(c, index, axis);
  } else {
    attach(c, index, axis);
    middle = index.axes;
  }
  std::vector<Axis> out(data.axes.begin(), data.axes.begin() + static_cast<std::ptrdiff_t>(k));
  out.insert(out.end(), middle.begin(), middle.end());
  out.insert(out.end(), data.axes.begin() + static_cast<std::ptrdiff_t>(k) + 1, data.axes.end());
  c.out(0, std::move(out), data.type, data.label);
}

void gather_elements(RuleCall& c) {
  Operand &data = c.in(0), &index = c.in(1);
  if (data.axes.size() != index.axes.size()) c.give_up("operands of unlike rank");
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  for (std::size_t i = 0; i < data.axes.size(); ++i) {
    const Axis &x = data.axes[i], &y = index.axes[i];
    if (i == k) continue;
    if (x.same_extent(y)) {
      c.unify(x, y);
    } else {
      c.pin(x, "GatherElements reads a part");
      c.pin(y, "GatherElements reads a part");
    }
  }
  index_by(c, index, data.axes[k]);
  c.out(0, index.axes, data.type, data.label);
}

void scatter_elements(RuleCall& c) {
  Operand &data = c.in(0), &index = c.in(1), &updates = c.in(2);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  if (index.axes.size() != data.axes.size() || updates.axes.size() != data.axes.size()) {
    c.give_up("operands of unlike rank");
  }
  for (std::size_t i = 0; i < data.axes.size(); ++i) {
    const Axis &x = data.axes[i], &y = index.axes[i];
    c.unify(y, updates.axes[i], true);
    if (i == k) {
      index_by(c, index, x);
    } else if (x.same_extent(y)) {
      c.unify(x, y);
    } else {
      c.pin(x, "ScatterElements writes a part");
      c.pin(y, "ScatterElements writes a part");
    }
  }
  for (Operand* o : {&data, &updates}) {
    if (o->label != kNone) c.labels.pin(o->label, "scattered");
  }
  c.out(0, data.axes, data.type);
}

void one_hot(RuleCall& c) {
  Operand& index = c.in(0);
  const IntsPair depth = c.require_ints(1);
  if (depth.a.empty()) c.give_up("depth missing");
  const Axis axis = c.free(depth.a[0], depth.b[0]);
  attach(c, index, axis);
  c.pin(c.in(2), "off and on values");
  std::vector<Axis> out = index.axes;
  const int k = c.attr_axis("axis", -1, c.rank(0) + 1);
  out.insert(out.begin() + k, axis);
  c.out(0, std::move(out), c.in(2).type);
}

// Who asks for the last of equal elements expects some.
void arg_extremum(RuleCall& c) {
  Operand& x = c.in(0);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  const bool real =
      x.type == T::FLOAT || x.type == T::FLOAT16 || x.type == T::BFLOAT16 || x.type == T::DOUBLE;
  if (!real || c.attr("select_last_index", 0)) c.pin(x.axes[k], "ties of " + c.node.op);
  const LabelId label = c.labels.add(LabelSource::kComputed);
  c.labels.attach(label, x.axes[k]);
  std::vector<Axis> out = x.axes;
  if (c.attr("keepdims", 1)) {
    out[k] = c.unit();
  } else {
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(k));
  }
  c.out(0, std::move(out), T::INT64, label);
}

void top_k(RuleCall& c) {
  Operand& x = c.in(0);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", -1, c.rank(0)));
  const std::int64_t attribute = c.attr("k", -1);
  const IntsPair count = c.has(1) ? c.require_ints(1) : IntsPair{{attribute}, {attribute}};
  if (count.a.empty()) c.give_up("k missing");
  const bool real =
      x.type == T::FLOAT || x.type == T::FLOAT16 || x.type == T::BFLOAT16 || x.type == T::DOUBLE;
  if (!real) c.pin(x.axes[k], "ties of TopK");
  const LabelId label = c.labels.add(LabelSource::kComputed);
  c.labels.attach(label, x.axes[k]);
  std::vector<Axis> out = x.axes;
  out[k] = c.fixed(count.a[0], count.b[0], "order of TopK");
  c.out(0, out, x.type, x.label);
  c.out(1, std::move(out), T::INT64, label);
}

const OpRule kRules[] = {
    {"", "Gather", 1, kAnyOpset, "([v,h], ids[i]=v)->([i,h])", gather, true},
    {"", "GatherElements", 11, kAnyOpset, "([i,v], ids[i,j]=v)->([i,j])", gather_elements, true},
    {"com.microsoft", "TorchEmbedding", 1, kAnyOpset, "([v,h], ids[i]=v)->([i,h])", gather, true},
    {"", "GatherND", 11, kAnyOpset, "([v,h], ids[i,1]=v)->([i,h])", gather_nd, true},
    {"com.microsoft", "GatherND", 1, kAnyOpset, "([v,h], ids[i,1]=v)->([i,h])", gather_nd, true},
    {"", "ScatterND", 11, kAnyOpset, "([v,h], ids[i,1]=v, [i,h])->([v,h])", scatter_nd, true},
    {"", "ScatterElements", 11, kAnyOpset, "([v,h], ids[i,h]=v, [i,h])->([v,h])", scatter_elements,
     true},
    {"", "Scatter", 9, 10, "([v,h], ids[i,h]=v, [i,h])->([v,h])", scatter_elements, true},
    {"", "OneHot", 9, kAnyOpset, "(ids[i]=v)->([i,v])", one_hot, true},
    {"", "ArgMax", 1, kAnyOpset, "([i,v])->(ids[i]=v)", arg_extremum},
    {"", "ArgMin", 1, kAnyOpset, "([i,v])->(ids[i]=v)", arg_extremum},
    {"", "TopK", 1, kAnyOpset, "([i,v])->([i,!k], ids[i,!k]=v)", top_k},
};

}  // namespace

void index_by(RuleCall& c, Operand& index, const Axis& axis) {
  if (is_known(index) && index.tensor == kNone) {
    c.pin(axis, "indexed by a computed constant");
    c.pin(index, "computed index");
  } else {
    attach(c, index, axis);
  }
}

std::span<const OpRule> indexing_rules() { return kRules; }

}  // namespace permcrypt
