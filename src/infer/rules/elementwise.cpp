// Operators that work on each element by itself, with NumPy broadcast.
#include <utility>

#include "infer/registry.h"
#include "infer/rules/label_flow.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

std::vector<Axis> broadcast_all(RuleCall& c) {
  std::vector<const std::vector<Axis>*> axes;
  for (std::size_t k = 0; k < c.inputs(); ++k) {
    if (c.has(k)) axes.push_back(&c.in(k).axes);
  }
  return c.broadcast(axes);
}

void elementwise(RuleCall& c) { c.out(0, broadcast_all(c), c.in(0).type); }
void predicate(RuleCall& c) { c.out(0, broadcast_all(c), T::BOOL); }

// The other operands are scalars (Clip's bounds) or only give a type (CastLike).
void first_operand(RuleCall& c) { c.out(0, c.in(0).axes, c.in(0).type); }

void cast_like(RuleCall& c) { c.out(0, c.in(0).axes, c.in(1).type); }

void identity(RuleCall& c) { c.out(0, c.in(0).axes, c.in(0).type, c.in(0).label); }

void cast(RuleCall& c) {
  Operand& x = c.in(0);
  const auto to = static_cast<std::int32_t>(c.attr("to", x.type));
  const bool keeps = is_index_type(to) && is_index_type(x.type);
  if (!keeps && x.label != kNone) c.labels.pin(x.label, "ids cast to a non-integer type");
  c.out(0, x.axes, to, keeps ? x.label : kNone);
}

void where(RuleCall& c) {
  c.in(0);
  const LabelId label = merge_labels(c, {1, 2});
  c.out(0, broadcast_all(c), c.in(1).type, label);
}

// Equal compares coordinates: with a constant, that coordinate stays; with each other, both are
// numbered alike.
void equal(RuleCall& c) {
  Operand &x = c.in(0), &y = c.in(1);
  if (is_index_type(x.type) && x.label != kNone && y.label != kNone) {
    if (is_small_constant(x) || is_small_constant(y)) {
      const Operand& k = is_small_constant(y) ? y : x;
      for (const std::int64_t v : k.folded->a.ints) c.labels.hold(&k == &y ? x.label : y.label, v);
    } else {
      c.labels.join(x.label, y.label);
    }
  }
  c.out(0, broadcast_all(c), T::BOOL);
}

// Training mode is operand k: a random mask knows the order.
void pin_if_training(RuleCall& c, std::size_t k) {
  if (c.has(k)) {
    const Operand& training = c.in(k);
    const bool off = training.folded && training.folded->is_static() &&
                     training.folded->a.ints == std::vector<std::int64_t>{0};
    if (!off) c.pin(c.in(0), "dropout while training");
  }
}

void dropout(RuleCall& c) {
  pin_if_training(c, 2);
  c.out(0, c.in(0).axes, c.in(0).type);
  c.out(1, c.in(0).axes, T::BOOL);
}

// x, bias and residual, then as Dropout.
void bias_dropout(RuleCall& c) {
  std::vector<const std::vector<Axis>*> terms;
  for (std::size_t k = 0; k < 3; ++k) {
    if (c.has(k)) terms.push_back(&c.in(k).axes);
  }
  const std::vector<Axis> out = c.broadcast(terms);
  pin_if_training(c, 4);
  c.out(0, out, c.in(0).type);
  c.out(1, out, T::BOOL);
}

// One half of the last axis gates the other.
void gated_halves(RuleCall& c) {
  const Operand& x = c.in(0);
  if (x.axes.empty() || x.axes.back().dynamic() || x.axes.back().a % 2 != 0) c.give_up("no halves");
  std::vector<Axis> out = x.axes;
  out.back() = c.free(x.axes.back().a / 2);
  c.unify(x.axes.back(), c.sum({out.back(), out.back()}));
  c.out(0, std::move(out), x.type);
}

void bias_split_gelu(RuleCall& c) {
  gated_halves(c);
  c.per_index(&c.in(1), c.in(0).axes.back());
}

void swiglu(RuleCall& c) { c.has(1) ? elementwise(c) : gated_halves(c); }

// x, y, and a gate for each row: given, or the product of an activation and a weight [k,1].
void gated_add(RuleCall& c) {
  std::vector<Axis> out = c.broadcast(c.in(0).axes, c.in(1).axes), gate = c.in(2).axes;
  if (gate.empty()) c.give_up("gate is a scalar");
  if (c.has(3)) c.per_index(&c.in(3), std::exchange(gate.back(), c.unit()));
  c.broadcast(out, gate);
  c.out(0, std::move(out), c.in(0).type);
}

// a, a bias and a scale for each head, and b.
void linear_attention_gate(RuleCall& c) {
  elementwise(c);
  c.out(1, c.in(0).axes, c.in(0).type);
}

// Angles [b,s,d] turn queries and keys [b,h,s,d], given with their turned halves.
void gemma_rotary(RuleCall& c) {
  const auto& angles = c.in(0).axes;
  if (angles.size() != 3) c.give_up("operand of unlike rank");
  for (const std::size_t k : {0, 1}) {
    const std::vector<Axis> x = c.broadcast(c.in(1 + 2 * k).axes, c.in(2 + 2 * k).axes);
    c.out(k, c.broadcast(x, {angles[0], c.unit(), angles[1], angles[2]}), c.in(1 + 2 * k).type);
  }
}

// Real and imaginary parts along the last axis.
void complex_product(RuleCall& c) {
  std::vector<Axis> out = broadcast_all(c);
  if (out.empty()) c.give_up("no complex numbers");
  c.pin(out.back(), "real and imaginary part");
  c.out(0, std::move(out), c.in(0).type);
}

void all_finite(RuleCall& c) { c.out(0, {}, T::BOOL); }

void bit_cast(RuleCall& c) {
  c.out(0, c.in(0).axes, static_cast<std::int32_t>(c.attr("to", c.in(0).type)));
}

constexpr auto kElementwise = "(x, y..)->(broadcast)";

const OpRule kRules[] = {
#define ONE(name) \
  { "", name, 1, kAnyOpset, "(x)->(x)", elementwise }
    ONE("Abs"),
    ONE("Acos"),
    ONE("Acosh"),
    ONE("Affine"),
    ONE("Asin"),
    ONE("Asinh"),
    ONE("Atan"),
    ONE("Atanh"),
    ONE("BitwiseNot"),
    ONE("Ceil"),
    ONE("Celu"),
    ONE("Cos"),
    ONE("Cosh"),
    ONE("Elu"),
    ONE("Erf"),
    ONE("Exp"),
    ONE("Floor"),
    ONE("Gelu"),
    ONE("HardSigmoid"),
    ONE("HardSwish"),
    ONE("LeakyRelu"),
    ONE("Log"),
    ONE("Mish"),
    ONE("Neg"),
    ONE("Not"),
    ONE("ParametricSoftplus"),
    ONE("Reciprocal"),
    ONE("Relu"),
    ONE("Round"),
    ONE("Scale"),
    ONE("ScaledTanh"),
    ONE("Selu"),
    ONE("Shrink"),
    ONE("Sigmoid"),
    ONE("Sign"),
    ONE("Sin"),
    ONE("Sinh"),
    ONE("Softplus"),
    ONE("Softsign"),
    ONE("Sqrt"),
    ONE("Swish"),
    ONE("Tan"),
    ONE("Tanh"),
    ONE("ThresholdedRelu"),
#undef ONE
#define MANY(name) \
  { "", name, 1, kAnyOpset, kElementwise, elementwise }
    MANY("Add"),
    MANY("BitShift"),
    MANY("BitwiseAnd"),
    MANY("BitwiseOr"),
    MANY("BitwiseXor"),
    MANY("Div"),
    MANY("Max"),
    MANY("Mean"),
    MANY("Min"),
    MANY("Mod"),
    MANY("Mul"),
    MANY("PRelu"),
    MANY("Pow"),
    MANY("Sub"),
    MANY("Sum"),
#undef MANY
#define TEST(name) \
  { "", name, 1, kAnyOpset, kElementwise, predicate }
    TEST("And"),
    TEST("Greater"),
    TEST("GreaterOrEqual"),
    TEST("IsInf"),
    TEST("IsNaN"),
    TEST("Less"),
    TEST("LessOrEqual"),
    TEST("Or"),
    TEST("Xor"),
#undef TEST
    {"", "Equal", 1, kAnyOpset, kElementwise, equal, true},
    {"", "Clip", 1, kAnyOpset, "(x)->(x)", first_operand},
    {"", "Dropout", 1, kAnyOpset, "(x)->(x),(x)", dropout},
    {"", "Identity", 1, kAnyOpset, "(x)->(x)", identity, true},
    {"", "Cast", 1, kAnyOpset, "(x)->(x)", cast, true},
    {"", "CastLike", 1, kAnyOpset, "(x)->(x)", cast_like},
    {"", "BitCast", 26, kAnyOpset, "(x)->(x)", bit_cast},
    {"", "Where", 1, kAnyOpset, kElementwise, where, true},
    {"", "SwiGLU", 28, kAnyOpset, "(x,x)->(x)", elementwise},
    {"", "MemcpyFromHost", 1, kAnyOpset, "(x)->(x)", identity, true},
    {"", "MemcpyToHost", 1, kAnyOpset, "(x)->(x)", identity, true},
    {"com.microsoft", "BiasGelu", 1, kAnyOpset, "([..,h],[h])->([..,h])", elementwise},
    {"com.microsoft", "BiasAdd", 1, kAnyOpset, "([b,s,h],[h],[b,s,h])->([b,s,h])", elementwise},
    {"com.microsoft", "BiasDropout", 1, kAnyOpset, "([..,h],[h],[..,h])->([..,h],[..,h])",
     bias_dropout},
    {"com.microsoft", "BiasSplitGelu", 1, kAnyOpset, "([..,h+h],[h+h])->([..,h])", bias_split_gelu},
    {"com.microsoft", "FastGelu", 1, kAnyOpset, "([..,h],[h])->([..,h])", elementwise},
    {"com.microsoft", "Gelu", 1, kAnyOpset, "(x)->(x)", elementwise},
    {"com.microsoft", "QuickGelu", 1, kAnyOpset, "(x)->(x)", elementwise},
    {"com.microsoft", "ScaledSiLU", 1, kAnyOpset, "(x)->(x)", elementwise},
    {"com.microsoft", "SwiGLU", 1, kAnyOpset, "([..,h+h])->([..,h]), or ([..,h],[..,h])->([..,h])",
     swiglu},
    {"com.microsoft", "BiasSoftmax", 1, kAnyOpset, "([i,j],[1,j])->([i,j])", elementwise},
    {"com.microsoft", "GatedAdd", 1, kAnyOpset, "([..,h],[..,h],[..,k],[k,1])->([..,h])",
     gated_add},
    {"com.microsoft", "LinearAttentionGate", 1, kAnyOpset,
     "([b,s,h],[h],[h],[b,s,h])->([b,s,h],[b,s,h])", linear_attention_gate},
    {"com.microsoft", "GemmaRotaryEmbedding", 1, kAnyOpset,
     "([b,s,d],[b,h,s,d],[b,h,s,d],[b,g,s,d],[b,g,s,d])->([b,h,s,d],[b,g,s,d])", gemma_rotary},
    {"com.microsoft", "ComplexMul", 1, kAnyOpset, "([..,!2],[..,!2])->([..,!2])", complex_product},
    {"com.microsoft", "ComplexMulConj", 1, kAnyOpset, "([..,!2],[..,!2])->([..,!2])",
     complex_product},
    {"com.microsoft", "IsAllFinite", 1, kAnyOpset, "(x, y..)->([])", all_finite},
    {"com.microsoft", "SampleOp", 1, kAnyOpset, "(x)->(x)", elementwise},
};

}  // namespace

std::span<const OpRule> elementwise_rules() { return kRules; }

}  // namespace permcrypt
