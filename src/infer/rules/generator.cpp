// Operators that make tensors out of shapes and numbers. What they number themselves is fixed.
#include "infer/registry.h"
#include "infer/small_tensor.h"

namespace permcrypt {
namespace {

// Products of extents that may not fit 64 bits.
__extension__ using Wide = __int128;

using T = onnx::TensorProto;

FoldedPtr make_folded(std::vector<std::int64_t> shape, std::vector<std::int64_t> a,
                      std::vector<std::int64_t> b) {
  Folded f;
  f.a = SmallTensor{shape, true, std::move(a), {}};
  SmallTensor second{std::move(shape), true, std::move(b), {}};
  if (!(second == f.a)) f.b = std::move(second);
  return std::make_shared<const Folded>(std::move(f));
}

// The shape of a tensor says nothing about the order of its indices: its axes stay free.
void shape(RuleCall& c) {
  const Operand& x = c.in(0);
  const std::int64_t rank = c.rank(0);
  const auto bound = [&](std::int64_t v) {
    return std::clamp(v < 0 ? v + rank : v, std::int64_t{0}, rank);
  };
  std::vector<std::int64_t> a, b;
  for (std::int64_t i = bound(c.attr("start", 0)); i < bound(c.attr("end", rank)); ++i) {
    a.push_back(x.axes[static_cast<std::size_t>(i)].a);
    b.push_back(x.axes[static_cast<std::size_t>(i)].b);
  }
  const auto n = static_cast<std::int64_t>(a.size());
  c.out_folded(0, make_folded({n}, std::move(a), std::move(b)), T::INT64, "a shape");
}

void size(RuleCall& c) {
  std::int64_t a = 1, b = 1;
  for (const Axis& x : c.in(0).axes) {
    if (__builtin_mul_overflow(a, x.a, &a) || __builtin_mul_overflow(b, x.b, &b)) {
      c.give_up("size too large");
    }
  }
  c.out_folded(0, make_folded({}, {a}, {b}), T::INT64, "a size");
}

void constant_of_shape(RuleCall& c) {
  const IntsPair extents = c.require_ints(0);
  std::int32_t type = T::FLOAT;
  const auto* value = c.attribute("value");
  if (value) type = value->t().data_type();
  std::vector<Axis> out;
  for (std::size_t i = 0; i < extents.a.size(); ++i)
    out.push_back(c.free(extents.a[i], extents.b[i]));
  if (!is_index_type(type)) return c.out(0, std::move(out), type);
  const auto filling = c.ws.graph.payloads->integers(tensor_id(value->t()), 1);
  if (!filling || filling->size() != 1) c.give_up("value not readable");
  const LabelId label = c.labels.add(LabelSource::kFill);
  c.labels.hold(label, filling->front());
  c.out(0, std::move(out), type, label);
  constexpr std::size_t kSmall = 4096;
  if (!c.results.empty() && extents.is_static() && count_elements(extents.a) < kSmall) {
    Folded f;
    f.a = SmallTensor{extents.a, true, {}, {}};
    f.a.ints.assign(count_elements(extents.a), filling->front());
    c.results[0].operand.folded = std::make_shared<const Folded>(std::move(f));
  }
}

// Constant nodes whose value is written as a number rather than a tensor.
void constant(RuleCall& c) {
  Folded f;
  std::int32_t type = T::INT64;
  if (const auto* one = c.attribute("value_int")) {
    f.a.ints = {one->i()};
  } else if (const auto* list = c.attribute("value_ints")) {
    f.a.ints.assign(list->ints().begin(), list->ints().end());
    f.a.shape = {list->ints_size()};
  } else if (const auto* real = c.attribute("value_float")) {
    f.a.integral = false;
    f.a.reals = {static_cast<double>(real->f())};
    type = T::FLOAT;
  } else if (const auto* reals = c.attribute("value_floats")) {
    f.a.integral = false;
    f.a.reals.assign(reals->floats().begin(), reals->floats().end());
    f.a.shape = {reals->floats_size()};
    type = T::FLOAT;
  } else if (const auto* sparse = c.attribute("sparse_value")) {
    std::vector<Axis> out;
    for (const auto d : sparse->sparse_tensor().dims())
      out.push_back(c.fixed(d, "sparse constant"));
    return c.out(0, std::move(out), sparse->sparse_tensor().values().data_type());
  } else {
    c.give_up("constant of this kind");
  }
  c.out_folded(0, std::make_shared<const Folded>(std::move(f)), type, "constant in the graph");
}

void range(RuleCall& c) {
  const std::int32_t type = c.in(0).type;
  std::optional<IntsPair> v[3];
  for (std::size_t i = 0; i < 3; ++i) v[i] = c.has(i) || i < 2 ? c.ints(i) : IntsPair{{1}, {1}};
  if (!v[0] || !v[1] || !v[2] || v[0]->a.size() != 1 || v[1]->a.size() != 1 ||
      v[2]->a.size() != 1) {
    return c.out(0, {c.unknown_extent("Range")}, type);
  }
  const auto count = [](std::int64_t start, std::int64_t limit, std::int64_t step) -> std::int64_t {
    if (step == 0) return -1;
    const Wide span = static_cast<Wide>(limit) - start;
    const Wide n =
        step > 0 ? (span + step - 1) / step : (-span - step - 1) / -static_cast<Wide>(step);
    return n < 0 ? 0 : n > INT64_MAX ? -1 : static_cast<std::int64_t>(n);
  };
  c.out(0,
        {c.fixed(count(v[0]->a[0], v[1]->a[0], v[2]->a[0]),
                 count(v[0]->b[0], v[1]->b[0], v[2]->b[0]), "Range")},
        type);
}

void trilu(RuleCall& c) {
  const Operand& x = c.in(0);
  if (c.rank(0) < 2) c.give_up("no matrix");
  c.pin(x.axes[x.axes.size() - 1], "triangle of a matrix");
  c.pin(x.axes[x.axes.size() - 2], "triangle of a matrix");
  c.out(0, x.axes, x.type);
}

void eye_like(RuleCall& c) {
  std::vector<Axis> out;
  for (const Axis& x : c.in(0).axes) out.push_back(c.fixed(x.a, x.b, "EyeLike"));
  c.out(0, std::move(out), static_cast<std::int32_t>(c.attr("dtype", c.in(0).type)));
}

void non_zero(RuleCall& c) {
  c.pin(c.in(0), "NonZero lists positions in order");
  c.out(0, {c.fixed(c.rank(0), "NonZero"), c.unknown_extent("NonZero")}, T::INT64);
}

void random_like(RuleCall& c) {
  std::vector<Axis> out;
  for (const Axis& x : c.in(0).axes)
    out.push_back(c.fixed(x.a, x.b, "random numbers come in order"));
  c.out(0, std::move(out), static_cast<std::int32_t>(c.attr("dtype", c.in(0).type)));
}

void random(RuleCall& c) {
  std::vector<Axis> out;
  for (const auto n : c.attr_ints("shape").value_or(std::vector<std::int64_t>{})) {
    out.push_back(c.fixed(n, "random numbers come in order"));
  }
  c.out(0, std::move(out), static_cast<std::int32_t>(c.attr("dtype", T::FLOAT)));
}

// Discrete Fourier transform over one axis; the last axis holds real and imaginary parts.
void dft(RuleCall& c) {
  Operand& x = c.in(0);
  std::int64_t axis = c.attr("axis", c.node.opset >= 20 ? -2 : 1);
  if (c.has(2)) {
    const IntsPair given = c.require_ints(2);
    if (given.a.size() != 1) c.give_up("axis missing");
    axis = given.a[0];
  }
  const auto k = static_cast<std::size_t>(c.to_axis(axis, c.rank(0)));
  c.pin(x.axes[k], "Fourier transform");
  c.pin(x.axes.back(), "real and imaginary part");
  std::vector<Axis> out = x.axes;
  out.back() = c.fixed(2, "real and imaginary part");
  IntsPair length{{x.axes[k].a}, {x.axes[k].b}};
  if (c.has(1)) length = c.require_ints(1);
  if (length.a.size() != 1) c.give_up("length missing");
  if (c.attr("onesided", 0)) {
    if (c.attr("inverse", 0)) c.give_up("inverse of half a transform");
    for (auto* n : {&length.a[0], &length.b[0]}) *n = *n / 2 + 1;
  }
  out[k] = c.fixed(length.a[0], length.b[0], "Fourier transform");
  c.out(0, std::move(out), x.type);
}

constexpr auto kCounts = "(from,to,step)->([!n]): numbers in order";
constexpr auto kTriangle = "([..,!i,!j])->([..,!i,!j]): a triangle depends on order";

const OpRule kRules[] = {
    {"", "Shape", 1, kAnyOpset, "(x)->(extents)", shape, true},
    {"", "Size", 1, kAnyOpset, "(x)->(count)", size, true},
    {"", "ConstantOfShape", 9, kAnyOpset, "(extents)->([a,b])", constant_of_shape, true},
    {"", "Constant", 1, kAnyOpset, "()->(value)", constant},
    {"", "Range", 11, kAnyOpset, kCounts, range},
    {"com.microsoft", "Range", 1, kAnyOpset, kCounts, range},
    {"", "Trilu", 14, kAnyOpset, kTriangle, trilu},
    {"com.microsoft", "Trilu", 1, kAnyOpset, kTriangle, trilu},
    {"", "EyeLike", 9, kAnyOpset, "([i,j])->([!i,!j]): a diagonal depends on order", eye_like},
    {"", "NonZero", 9, kAnyOpset, "([!i,!j])->([!2,!n]): positions in order", non_zero},
    {"", "RandomNormalLike", 1, kAnyOpset, "([i])->([!i]): random numbers come in order",
     random_like},
    {"", "RandomUniformLike", 1, kAnyOpset, "([i])->([!i]): random numbers come in order",
     random_like},
    {"", "RandomNormal", 1, kAnyOpset, "()->([!i]): random numbers come in order", random},
    {"", "RandomUniform", 1, kAnyOpset, "()->([!i]): random numbers come in order", random},
    {"", "DFT", 17, kAnyOpset, "([..,!i,!2])->([..,!i,!2]): a transform mixes its axis", dft},
};

}  // namespace

std::span<const OpRule> generator_rules() { return kRules; }

}  // namespace permcrypt
