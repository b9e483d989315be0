// Quantising, dequantising, and operators on quantised numbers. Scales and zero points move with
// what they belong to; ranges taken over a whole tensor do not depend on its order.
#include "infer/registry.h"
#include "infer/rules/contraction.h"
#include "infer/rules/image.h"
#include "infer/rules/quantised.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

bool is_scalar(const Operand& p) {
  for (const Axis& axis : p.axes) {
    if (!axis.unit()) return false;
  }
  return true;
}

// One number, one per index of `axis`, or one per block along it.
void quantised_along(RuleCall& c, const Operand& x, const Operand& parameter) {
  if (is_scalar(parameter)) return;
  const auto axis =
      static_cast<std::size_t>(c.attr_axis("axis", 1, static_cast<int>(x.axes.size())));
  const std::int64_t size = c.attr("block_size", 0);
  if (size == 0) {
    if (parameter.axes.size() != 1) c.give_up("parameter of unlike rank");
    return c.unify(parameter.axes[0], x.axes[axis]);
  }
  if (parameter.axes.size() != x.axes.size()) c.give_up("parameter of unlike rank");
  for (std::size_t i = 0; i < x.axes.size(); ++i) {
    if (i == axis) {
      quantise_in_blocks(c, x.axes[i], parameter.axes[i], size);
    } else {
      c.unify(x.axes[i], parameter.axes[i]);
    }
  }
}

void quantise(RuleCall& c) {
  const Operand& x = c.in(0);
  quantised_along(c, x, c.in(1));
  auto type = static_cast<std::int32_t>(c.attr("output_dtype", 0));
  if (c.has(2)) {
    quantised_along(c, x, c.in(2));
    type = c.in(2).type;
  }
  c.out(0, x.axes, type ? type : T::UINT8);
}

void dequantise(RuleCall& c) {
  const Operand& x = c.in(0);
  for (const std::size_t k : {1, 2}) {
    if (c.has(k)) quantised_along(c, x, c.in(k));
  }
  const auto type = static_cast<std::int32_t>(c.attr("output_dtype", 0));
  c.out(0, x.axes, type ? type : c.in(1).type);
}

void dynamic_quantise(RuleCall& c) {
  c.out(0, c.in(0).axes, T::UINT8);
  c.out(1, {}, T::FLOAT);
  c.out(2, {}, T::UINT8);
}

void require_scalars(RuleCall& c, std::initializer_list<std::size_t> operands) {
  for (const std::size_t k : operands) require_scalar(c, k);
}

// ---------------------------------------------------------------------------- products

// A [.., m, k] x B [.., k, n]; which operands hold parameters per row of A and per column of B.
struct Product {
  std::size_t a, b;
  std::vector<std::size_t> rows, columns;
};

std::vector<Axis> quantised_product(RuleCall& c, const Product& p) {
  const auto &a = c.in(p.a).axes, &b = c.in(p.b).axes;
  std::vector<Axis> out = matmul_axes(c, a, b);
  for (const std::size_t k : p.rows) per_row(c, c.optional(k), a);
  for (const std::size_t k : p.columns) per_column(c, c.optional(k), b);
  return out;
}

void matmul_integer(RuleCall& c) { c.out(0, quantised_product(c, {0, 1, {2}, {3}}), T::INT32); }

void matmul_integer16(RuleCall& c) { c.out(0, quantised_product(c, {0, 1, {}, {}}), T::INT32); }

void matmul_integer_to_float(RuleCall& c) {
  require_scalars(c, {2, 4});
  c.out(0, quantised_product(c, {0, 1, {}, {3, 5, 6}}), c.in(2).type);
}

void dynamic_quantise_matmul(RuleCall& c) {
  c.out(0, quantised_product(c, {0, 1, {}, {2, 3, 4}}), c.in(0).type);
}

void qlinear_matmul(RuleCall& c) {
  require_scalars(c, {6, 7});
  c.out(0, quantised_product(c, {0, 3, {1, 2}, {4, 5}}), c.in(7).type);
}

// A, scale, zero, B, scales, zeros, C, y scale, y zero
void qgemm(RuleCall& c) {
  std::vector<Axis> a = c.in(0).axes, b = c.in(3).axes;
  if (a.size() != 2 || b.size() != 2) c.give_up("operands are no matrices");
  if (c.attr("transA", 0)) std::swap(a[0], a[1]);
  if (c.attr("transB", 0)) std::swap(b[0], b[1]);
  c.unify(a[1], b[0], true);
  require_scalars(c, {1, 2, 7, 8});
  for (const std::size_t k : {4, 5}) c.per_index(c.optional(k), b[1]);
  std::vector<Axis> out{a[0], b[1]};
  if (c.has(6)) c.broadcast(out, c.in(6).axes);
  c.out(0, std::move(out), c.has(8) ? c.in(8).type : T::FLOAT);
}

// ---------------------------------------------------------------------------- the rest of QLinear*

// X, scale, zero, y scale, y zero. Softmax too: whatever it sums over, it sums over all of it.
void qlinear_unary(RuleCall& c) {
  require_scalars(c, {1, 2, 3, 4});
  c.out(0, c.in(0).axes, c.in(0).type);
}

// A, scale, zero, B, scale, zero, y scale, y zero
void qlinear_binary(RuleCall& c) {
  require_scalars(c, {1, 2, 4, 5, 6, 7});
  c.out(0, c.broadcast(c.in(0).axes, c.in(3).axes), c.in(0).type);
}

void mul_integer(RuleCall& c) {  // A, zero, B, zero
  require_scalars(c, {1, 3});
  c.out(0, c.broadcast(c.in(0).axes, c.in(2).axes), T::INT32);
}

void qlinear_where(RuleCall& c) {
  require_scalars(c, {2, 3, 5, 6, 7, 8});
  c.out(0, c.broadcast({&c.in(0).axes, &c.in(1).axes, &c.in(4).axes}), c.in(1).type);
}

void qlinear_concat(RuleCall& c) {  // y scale, y zero, then X, scale, zero of each part
  if (c.inputs() < 5 || (c.inputs() - 2) % 3 != 0) c.give_up("operands do not come in threes");
  require_scalars(c, {0, 1});
  std::vector<Axis> out = c.in(2).axes, parts;
  const auto axis = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(2)));
  for (std::size_t k = 2; k < c.inputs(); k += 3) {
    require_scalars(c, {k + 1, k + 2});
    const auto& x = c.in(k).axes;
    if (x.size() != out.size()) c.give_up("operands of unlike rank");
    parts.push_back(x[axis]);
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i != axis) c.unify(out[i], x[i], true);
    }
  }
  out[axis] = c.sum(parts);
  if (out[axis].dynamic()) {
    for (const Axis& part : parts) c.pin(part, "concatenated with a dynamic extent");
    out[axis] = c.fixed(out[axis].a, out[axis].b, "concatenated with a dynamic extent");
  }
  c.out(0, std::move(out), c.in(2).type);
}

void reduce(RuleCall& c) {
  const auto axes = c.attr_ints("axes");
  std::vector<bool> gone(c.in(0).axes.size(), !axes || axes->empty());
  if (axes) {
    for (const std::int64_t k : *axes)
      gone[static_cast<std::size_t>(c.to_axis(k, c.rank(0)))] = true;
  }
  std::vector<Axis> out;
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) out.push_back(c.in(0).axes[i]);
    if (gone[i] && c.attr("keepdims", 1)) out.push_back(c.unit());
  }
  c.out(0, std::move(out), c.node.op == "ReduceSumInteger" ? T::INT32 : c.in(0).type);
}

void qlinear_reduce(RuleCall& c) {
  require_scalars(c, {1, 2, 3, 4});
  reduce(c);
}

constexpr auto kMs = "com.microsoft";
constexpr auto kQuantise =
    "([i,k,j],[k],[k])->([i,k,j]), or blocks: k = b*f, ([i,b*f],[i,b],[i,b])";
constexpr auto kMatMul = "([b..,m,k],[b..,k,n]; [m],[n])->([b..,m,n])";
constexpr auto kUnary = "(x,[],[],[],[])->(x)";
constexpr auto kBinary = "(x,[],[],y,[],[],[],[])->(broadcast)";

const OpRule kRules[] = {
    {"", "QuantizeLinear", 10, kAnyOpset, kQuantise, quantise},
    {"", "DequantizeLinear", 10, kAnyOpset, kQuantise, dequantise},
    {kMs, "QuantizeLinear", 1, kAnyOpset, kQuantise, quantise},
    {kMs, "DequantizeLinear", 1, kAnyOpset, kQuantise, dequantise},
    {"", "DynamicQuantizeLinear", 11, kAnyOpset, "(x)->(x),[],[]", dynamic_quantise},
    {"", "MatMulInteger", 10, kAnyOpset, kMatMul, matmul_integer},
    {kMs, "MatMulInteger16", 1, kAnyOpset, kMatMul, matmul_integer16},
    {kMs, "MatMulIntegerToFloat", 1, kAnyOpset, kMatMul, matmul_integer_to_float},
    {kMs, "DynamicQuantizeMatMul", 1, kAnyOpset, kMatMul, dynamic_quantise_matmul},
    {"", "QLinearMatMul", 10, kAnyOpset, kMatMul, qlinear_matmul},
    {kMs, "QGemm", 1, kAnyOpset, "([m,k],[],[],[k,n],[n],[n],[m,n],[],[])->([m,n])", qgemm},
    {kMs, "QLinearAdd", 1, kAnyOpset, kBinary, qlinear_binary},
    {kMs, "QLinearMul", 1, kAnyOpset, kBinary, qlinear_binary},
    {kMs, "MulInteger", 1, kAnyOpset, "(x,[],y,[])->(broadcast)", mul_integer},
    {kMs, "QLinearSigmoid", 1, kAnyOpset, kUnary, qlinear_unary},
    {kMs, "QLinearLeakyRelu", 1, kAnyOpset, kUnary, qlinear_unary},
    {kMs, "QLinearSoftmax", 1, kAnyOpset, kUnary, qlinear_unary},
    {kMs, "QLinearWhere", 1, kAnyOpset, "(p,x,[],[],y,[],[],[],[])->(broadcast)", qlinear_where},
    {kMs, "QLinearConcat", 1, kAnyOpset, "([],[],[i,j],[],[],[i,k],[],[]..)->([i,j+k..])",
     qlinear_concat},
    {kMs, "QLinearReduceMean", 1, kAnyOpset, "([i,j],[],[],[],[])->([i])", qlinear_reduce},
    {kMs, "ReduceSumInteger", 1, kAnyOpset, "([i,j])->([i])", reduce},
};

}  // namespace

std::span<const OpRule> quantisation_rules() { return kRules; }

}  // namespace permcrypt
