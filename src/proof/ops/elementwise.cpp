// Each element of the result is a function of the elements at its position.
#include <optional>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

Axes broadcast_all(const Step& s) {
  Axes out;
  for (std::size_t k = 0; k < s.operands(); ++k) {
    if (s.has(k)) out = s.broadcast(out, s.fibred_axes(k));
  }
  return out;
}

// The first operand whose axes are joint.
std::optional<std::size_t> joint_operand(const Step& s) {
  for (std::size_t k = 0; k < s.operands(); ++k) {
    if (s.is_joint(k)) return k;
  }
  return std::nullopt;
}

void each(Step& s, std::int32_t type) {
  const auto joint = joint_operand(s);
  if (!joint) {
    s.out(0, broadcast_all(s), type);
    return;
  }
  const std::size_t rank = s.claim(*joint).axes->size();
  Axes out;
  for (std::size_t k = 0; k < s.operands(); ++k) {
    if (!s.has(k)) continue;
    const bool larger = s.claim(k).axes && s.claim(k).axes->size() > rank;
    // As many elements in other extents would be broadcast, axis by axis.
    const bool other = s.is_joint(k) && s.joint_extents(k) != s.joint_extents(*joint);
    if (larger || other) throw NotUnderstood{"several axes are renumbered at once"};
    out = s.broadcast(out, s.with_one(k, s.joint_axes(*joint)));
  }
  s.out_joint(0, std::move(out), s.joint_extents(*joint), type);
}

void elementwise(Step& s) { each(s, s.type(0)); }
void predicate(Step& s) { each(s, T::BOOL); }

// The other operands are single numbers.
void with_parameters(Step& s) {
  for (std::size_t k = 1; k < s.operands(); ++k) s.must_be_plain(k);
  s.out(0, s.fibred_axes(0), s.type(0));
}

void cast_like(Step& s) { s.out(0, s.fibred_axes(0), s.type(1)); }

bool is_integer(std::int64_t type) { return type == T::INT64 || type == T::INT32; }

Claim& pass(Step& s, std::int32_t type) {
  const Claim& x = s.claim(0);
  if (!x.axes || x.packed_bits != 0) throw NotUnderstood{"an operand of unknown shape"};
  Claim& out = s.out(0, *x.axes, type);
  out.code = x.code;
  out.joint = x.joint;
  out.joint_from = x.joint_from;
  return out;
}

void identity(Step& s) { pass(s, s.type(0)); }

void cast(Step& s) {
  const std::int64_t to = s.attr("to", 0);
  if (s.claim(0).code != kPlain && !is_integer(to)) {
    throw NotUnderstood{"renumbered indices are cast"};
  }
  pass(s, static_cast<std::int32_t>(to));
}

bool coded(const Step& s, std::size_t k) { return s.claim(k).code != kPlain; }

// Of renumbered indices, those that compare equal are the same as before: with each other, or with
// a number that stays.
void equal(Step& s) {
  if (!coded(s, 0) && !coded(s, 1)) return predicate(s);
  const std::size_t k = coded(s, 0) ? 0 : 1;
  const Claim &ids = s.claim(k), &other = s.claim(1 - k);
  if (!ids.axes || !other.axes || other.joint) throw NotUnderstood{"an operand of unknown shape"};
  if (other.code != ids.code) {
    const Index& code = s.orders.permutation(ids.code);
    for (const std::int64_t c : s.constants(1 - k)) {
      const std::int64_t n = static_cast<std::int64_t>(code.size());
      if (c >= 0 && c < n && code[static_cast<std::size_t>(c)] != static_cast<std::uint64_t>(c)) {
        throw Contradiction{"a renumbered index is compared with a number"};
      }
    }
  }
  s.out(0, s.broadcast(*ids.axes, *other.axes), T::BOOL);
}

void where(Step& s) {
  if (!coded(s, 1) && !coded(s, 2)) {
    s.out(0, broadcast_all(s), s.type(1));
    return;
  }
  if (s.claim(1).code != s.claim(2).code) throw NotUnderstood{"renumbered indices are mixed"};
  if (!s.claim(1).axes || !s.claim(2).axes) throw NotUnderstood{"an operand of unknown shape"};
  const Axes arms = s.broadcast(*s.claim(1).axes, *s.claim(2).axes);
  s.out(0, s.broadcast(s.axes(0), arms), s.type(1)).code = s.claim(1).code;
}

// Without training nothing is dropped.
void dropout(Step& s) {
  if (s.has(2) && s.integer(2) != 0) throw NotUnderstood{"drops at random"};
  if (!s.has(2) && s.node.opset < 7 && s.attr("is_test", 0) == 0) {
    throw NotUnderstood{"drops at random"};
  }
  s.out(0, s.fibred_axes(0), s.type(0));
  s.out(1, s.fibred_axes(0), T::BOOL);
}

// The halves of the last axis meet, once a bias is added.
void gated_halves(Step& s) {
  Axes x = s.axes(0);
  if (x.empty()) throw NotUnderstood{"no axis to halve"};
  s.per_index(1, x.back());
  const auto extent = s.terms.value(x.back().extent);
  if (!extent || *extent % 2 != 0) throw NotUnderstood{"halves of unknown extent"};
  x.back() = s.orders.meet(s.cut(x.back(), 0, *extent / 2), s.cut(x.back(), *extent / 2, *extent));
  s.out(0, std::move(x), s.type(0));
}

void swiglu(Step& s) { s.has(1) ? elementwise(s) : gated_halves(s); }

void biased_dropout(Step& s) {
  if (s.has(4) && s.integer(4) != 0) throw NotUnderstood{"drops at random"};
  Axes out = s.fibred_axes(0);
  for (const std::size_t k : {1, 2}) {
    if (s.has(k)) out = s.broadcast(out, s.fibred_axes(k));
  }
  s.out(0, out, s.type(0));
  s.out(1, std::move(out), T::BOOL);
}

void bit_cast(Step& s) { s.out(0, s.fibred_axes(0), static_cast<std::int32_t>(s.attr("to", 0))); }

void all_finite(Step& s) {
  for (std::size_t k = 0; k < s.operands(); ++k) s.fibred_axes(k);
  s.out(0, {}, T::BOOL);
}

const Entry kEntries[] = {
#define EACH(name) \
  { "", name, elementwise }
    EACH("Abs"),
    EACH("Acos"),
    EACH("Acosh"),
    EACH("Add"),
    EACH("Asin"),
    EACH("Asinh"),
    EACH("Atan"),
    EACH("Atanh"),
    EACH("BitShift"),
    EACH("BitwiseAnd"),
    EACH("BitwiseNot"),
    EACH("BitwiseOr"),
    EACH("BitwiseXor"),
    EACH("Ceil"),
    EACH("Celu"),
    EACH("Cos"),
    EACH("Cosh"),
    EACH("Div"),
    EACH("Elu"),
    EACH("Erf"),
    EACH("Exp"),
    EACH("Floor"),
    EACH("Gelu"),
    EACH("HardSigmoid"),
    EACH("HardSwish"),
    EACH("LeakyRelu"),
    EACH("Log"),
    EACH("Max"),
    EACH("Mean"),
    EACH("Min"),
    EACH("Mish"),
    EACH("Mod"),
    EACH("Mul"),
    EACH("Neg"),
    EACH("Not"),
    EACH("PRelu"),
    EACH("Pow"),
    EACH("Reciprocal"),
    EACH("Relu"),
    EACH("Round"),
    EACH("Selu"),
    EACH("Shrink"),
    EACH("Sigmoid"),
    EACH("Sign"),
    EACH("Sin"),
    EACH("Sinh"),
    EACH("Softplus"),
    EACH("Softsign"),
    EACH("Sqrt"),
    EACH("Sub"),
    EACH("Sum"),
    EACH("Swish"),
    EACH("Tan"),
    EACH("Tanh"),
    EACH("ThresholdedRelu"),
#undef EACH
#define TEST(name) \
  { "", name, predicate }
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
    {"", "Equal", equal},
    {"", "Clip", with_parameters},
    {"", "Identity", identity},
    {"", "MemcpyFromHost", identity},
    {"", "MemcpyToHost", identity},
    {"", "BitCast", bit_cast},
    {"", "SwiGLU", elementwise},
    {"", "Cast", cast},
    {"", "CastLike", cast_like},
    {"", "Where", where},
    {"", "Dropout", dropout},
    {"com.microsoft", "BiasGelu", elementwise},
    {"com.microsoft", "BiasAdd", elementwise},
    {"com.microsoft", "FastGelu", elementwise},
    {"com.microsoft", "Gelu", elementwise},
    {"com.microsoft", "QuickGelu", elementwise},
    {"com.microsoft", "ScaledSiLU", elementwise},
    {"com.microsoft", "SampleOp", elementwise},
    {"com.microsoft", "SwiGLU", swiglu},
    {"com.microsoft", "BiasSplitGelu", gated_halves},
    {"com.microsoft", "BiasDropout", biased_dropout},
    {"com.microsoft", "IsAllFinite", all_finite},
};

}  // namespace

std::span<const Entry> elementwise_definitions() { return kEntries; }

}  // namespace permcrypt::proof
