#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/checked.h"
#include "infer/folded.h"
#include "infer/small_tensor.h"

namespace permcrypt {
namespace {

using Operands = std::span<const SmallTensor* const>;
using Results = std::vector<std::optional<SmallTensor>>;

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

// Runtimes compute extents in single precision, where a Floor may come out otherwise than in
// double.
double single(double v) { return static_cast<double>(static_cast<float>(v)); }

// ---------------------------------------------------------------------------- elementwise

struct Binary {
  std::optional<std::int64_t> (*ints)(std::int64_t, std::int64_t);
  double (*reals)(double, double);
  bool logical = false;  // the result is a boolean whatever the operands are
};

template <auto F>
std::optional<std::int64_t> checked(std::int64_t x, std::int64_t y) {
  std::int64_t out;
  return F(x, y, &out) ? std::nullopt : std::optional(out);
}

std::optional<std::int64_t> divide(std::int64_t x, std::int64_t y) {
  if (y == 0 || (x == INT64_MIN && y == -1)) return std::nullopt;
  return x / y;
}

std::optional<std::int64_t> modulo(std::int64_t x, std::int64_t y) {
  if (y == 0 || y == -1) return y == 0 ? std::nullopt : std::optional<std::int64_t>(0);
  const std::int64_t r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

std::optional<std::int64_t> power(std::int64_t x, std::int64_t y) {
  const double p = std::pow(static_cast<double>(x), static_cast<double>(y));
  if (!(std::abs(p) < 9e15)) return std::nullopt;
  return static_cast<std::int64_t>(p);
}

const std::unordered_map<std::string_view, Binary>& binaries() {
  using I = std::int64_t;
  using O = std::optional<std::int64_t>;
  static const std::unordered_map<std::string_view, Binary> table = {
      {"Add",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_add_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x + y; }}},
      {"Sub",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_sub_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x - y; }}},
      {"Mul",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_mul_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x * y; }}},
      {"Div", {divide, [](double x, double y) { return x / y; }}},
      {"Mod", {modulo, [](double x, double y) { return std::fmod(x, y); }}},
      {"Pow", {power, [](double x, double y) { return std::pow(x, y); }}},
      {"Min",
       {[](I x, I y) { return O(std::min(x, y)); },
        [](double x, double y) { return std::min(x, y); }}},
      {"Max",
       {[](I x, I y) { return O(std::max(x, y)); },
        [](double x, double y) { return std::max(x, y); }}},
      {"And", {[](I x, I y) { return O(x && y); }, nullptr, true}},
      {"Or", {[](I x, I y) { return O(x || y); }, nullptr, true}},
      {"Xor", {[](I x, I y) { return O(!x != !y); }, nullptr, true}},
      {"Equal",
       {[](I x, I y) { return O(x == y); }, [](double x, double y) { return double(x == y); },
        true}},
      {"Less",
       {[](I x, I y) { return O(x < y); }, [](double x, double y) { return double(x < y); }, true}},
      {"LessOrEqual",
       {[](I x, I y) { return O(x <= y); }, [](double x, double y) { return double(x <= y); },
        true}},
      {"Greater",
       {[](I x, I y) { return O(x > y); }, [](double x, double y) { return double(x > y); }, true}},
      {"GreaterOrEqual",
       {[](I x, I y) { return O(x >= y); }, [](double x, double y) { return double(x >= y); },
        true}},
  };
  return table;
}

std::optional<SmallTensor> apply_binary(const Binary& f, const SmallTensor& x,
                                        const SmallTensor& y) {
  if (x.integral != y.integral || (!x.integral && !f.reals)) return std::nullopt;
  const auto shape = broadcast_shape(x.shape, y.shape);
  if (!shape) return std::nullopt;
  SmallTensor out = SmallTensor{*shape, x.integral || f.logical, {}, {}};
  const auto ix = broadcast_index(x.shape, *shape), iy = broadcast_index(y.shape, *shape);
  if (!ix || !iy) return std::nullopt;
  for (std::size_t i = 0; i < ix->size(); ++i) {
    if (x.integral) {
      const auto v = f.ints(x.ints[(*ix)[i]], y.ints[(*iy)[i]]);
      if (!v) return std::nullopt;
      out.ints.push_back(*v);
    } else {
      const double v = f.reals(x.reals[(*ix)[i]], y.reals[(*iy)[i]]);
      if (f.logical) {
        out.ints.push_back(v != 0);
      } else {
        out.reals.push_back(single(v));
      }
    }
  }
  return out;
}

struct Unary {
  std::int64_t (*ints)(std::int64_t);
  double (*reals)(double);
};

const std::unordered_map<std::string_view, Unary>& unaries() {
  using I = std::int64_t;
  static const std::unordered_map<std::string_view, Unary> table = {
      {"Identity", {[](I x) { return x; }, [](double x) { return x; }}},
      {"Neg", {[](I x) { return x == INT64_MIN ? x : -x; }, [](double x) { return -x; }}},
      {"Abs",
       {[](I x) { return x < 0 && x != INT64_MIN ? -x : x; },
        [](double x) { return std::abs(x); }}},
      {"Sign",
       {[](I x) { return I((x > 0) - (x < 0)); },
        [](double x) { return double((x > 0) - (x < 0)); }}},
      {"Not", {[](I x) { return I(!x); }, nullptr}},
      {"Floor", {nullptr, [](double x) { return std::floor(x); }}},
      {"Ceil", {nullptr, [](double x) { return std::ceil(x); }}},
      {"Round", {nullptr, [](double x) { return std::nearbyint(x); }}},
      {"Sqrt", {nullptr, [](double x) { return std::sqrt(x); }}},
      {"Exp", {nullptr, [](double x) { return std::exp(x); }}},
      {"Log", {nullptr, [](double x) { return std::log(x); }}},
      {"Reciprocal", {nullptr, [](double x) { return 1 / x; }}},
  };
  return table;
}

std::optional<SmallTensor> apply_unary(const Unary& f, const SmallTensor& x) {
  if (x.integral ? !f.ints : !f.reals) return std::nullopt;
  SmallTensor out = x;
  if (x.integral) {
    std::transform(x.ints.begin(), x.ints.end(), out.ints.begin(), f.ints);
  } else {
    std::transform(x.reals.begin(), x.reals.end(), out.reals.begin(),
                   [&](double v) { return single(f.reals(v)); });
  }
  return out;
}

std::optional<SmallTensor> cast(const GraphNode& node, const SmallTensor& x) {
  using T = onnx::TensorProto;
  const std::int64_t to = int_attribute(node, "to", T::UNDEFINED);
  const bool real = to == T::FLOAT || to == T::DOUBLE || to == T::FLOAT16 || to == T::BFLOAT16;
  if (!real && to != T::BOOL && to != T::INT32 && to != T::INT64 && to != T::UINT8 &&
      to != T::INT8 && to != T::UINT32 && to != T::UINT64 && to != T::INT16 && to != T::UINT16) {
    return std::nullopt;
  }
  SmallTensor out{x.shape, !real, {}, {}};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = x.integral ? static_cast<double>(x.ints[i]) : x.reals[i];
    if (real) {
      out.reals.push_back(single(r));
    } else if (to == T::BOOL) {
      out.ints.push_back(x.integral ? x.ints[i] != 0 : r != 0);
    } else if (x.integral) {
      out.ints.push_back(x.ints[i]);
    } else if (!(std::abs(r) < 9e18)) {
      return std::nullopt;
    } else {
      out.ints.push_back(static_cast<std::int64_t>(r));
    }
  }
  return out;
}

std::optional<SmallTensor> where(const SmallTensor& c, const SmallTensor& x, const SmallTensor& y) {
  if (!c.integral || x.integral != y.integral) return std::nullopt;
  const auto xy = broadcast_shape(x.shape, y.shape);
  const auto shape = xy ? broadcast_shape(c.shape, *xy) : std::nullopt;
  if (!shape) return std::nullopt;
  const auto ic = broadcast_index(c.shape, *shape), ix = broadcast_index(x.shape, *shape),
             iy = broadcast_index(y.shape, *shape);
  if (!ic || !ix || !iy) return std::nullopt;
  SmallTensor out{*shape, x.integral, {}, {}};
  for (std::size_t i = 0; i < ic->size(); ++i) {
    const bool first = c.ints[(*ic)[i]] != 0;
    append_element(out, first ? x : y, first ? (*ix)[i] : (*iy)[i]);
  }
  return out;
}

// ---------------------------------------------------------------------------- structure

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

// Other remainders than the second binding leaves.
void change_remainders(const Results& b, Results& c, const SmallTensor& divisor) {
  if (b.empty() || c.empty() || !b[0] || !c[0] || !c[0]->integral || divisor.ints.empty()) return;
  for (std::size_t i = 0; i < c[0]->ints.size(); ++i) {
    if (c[0]->ints[i] != b[0]->ints[i]) continue;
    const auto next = checked_add(c[0]->ints[i], std::int64_t{1});
    if (const auto other = next ? modulo(*next, divisor.ints[0]) : std::nullopt) {
      c[0]->ints[i] = *other;
    }
  }
}

bool needs_static(std::string_view op) {
  return op == "Range" || op == "ConstantOfShape" || op == "Expand" || op == "Tile" ||
         op == "Pad" || op == "Resize";
}

bool too_large(const std::optional<SmallTensor>& t) {
  return t && t->size() > (t->integral ? kMaxFoldedInts : kMaxFoldedReals);
}

// Result i under all bindings, if it has one shape.
FoldedPtr combine(const Results& a, const Results& b, const Results& c, std::size_t i) {
  for (const Results* r : {&a, &b, &c}) {
    if (i >= r->size() || !(*r)[i] || too_large((*r)[i]) || (*r)[i]->shape != a[i]->shape) {
      return nullptr;
    }
  }
  Folded f{*a[i], {}, {}};
  if (*b[i] != *a[i]) f.b = b[i];
  if (*c[i] != *b[i]) f.c = c[i];
  return std::make_shared<const Folded>(std::move(f));
}

}  // namespace

std::vector<std::optional<SmallTensor>> evaluate(const GraphNode& node, Operands in) {
  const std::string_view op = node.op;
  if (in.empty() || !in[0] || int_attribute(node, "fmod", 0) != 0) return {};
  const bool complete = std::ranges::find(in, nullptr) == in.end();
  if (const auto it = binaries().find(op); it != binaries().end()) {
    if (!complete) return {};
    std::optional<SmallTensor> acc = *in[0];
    for (std::size_t i = 1; i < in.size() && acc; ++i) acc = apply_binary(it->second, *acc, *in[i]);
    return {acc};
  }
  if (const auto it = unaries().find(op); it != unaries().end())
    return {apply_unary(it->second, *in[0])};
  struct Rule {
    std::size_t operands;  // at least so many, and all of these
    std::optional<SmallTensor> (*apply)(const GraphNode&, Operands);
  };
  static const std::unordered_map<std::string_view, Rule> table = {
      {"Cast", {1, [](const GraphNode& n, Operands x) { return cast(n, *x[0]); }}},
      {"Where", {3, [](const GraphNode&, Operands x) { return where(*x[0], *x[1], *x[2]); }}},
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
  if (op == "Split") return split(node, in);
  const auto it = table.find(op);
  if (it == table.end() || in.size() < it->second.operands) return {};
  const auto required = in.first(it->second.operands);
  if (std::ranges::find(required, nullptr) != required.end()) return {};
  return {it->second.apply(node, in)};
}

std::vector<FoldedPtr> fold(const GraphNode& node, std::span<const FoldedPtr> operands) {
  const bool all_static = std::all_of(operands.begin(), operands.end(),
                                      [](const FoldedPtr& f) { return !f || f->is_static(); });
  if (!all_static && needs_static(node.op)) return {};
  if ((node.op == "Min" || node.op == "Max") && operands.size() == 2 && operands[0] &&
      operands[1] && operands[0]->is_static() != operands[1]->is_static()) {
    return {operands[operands[0]->is_static() ? 1 : 0]};  // a static bound is assumed not to bind
  }
  const auto run = [&](int binding) {
    std::vector<const SmallTensor*> in;
    for (const FoldedPtr& f : operands) in.push_back(f ? &f->at(binding) : nullptr);
    return evaluate(node, in);
  };
  const Results a = run(0);
  const Results b = all_static ? a : run(1);
  Results c = all_static ? a : run(2);
  if (node.op == "Mod" && !all_static && operands.size() == 2 && operands[1]) {
    change_remainders(b, c, operands[1]->at(1));
  }
  std::vector<FoldedPtr> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = combine(a, b, c, i);
  return out;
}

}  // namespace permcrypt
