// A fibred factor f is in each value beside its parent g, each once, so that every element that an
// operator reads or writes at an index of f has one index of g. What remains to be seen is whether
// elements that the operator brings together, at one index of f, are at one index of g as well.
#include "plan/fibre_operators.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace permcrypt {

std::optional<std::size_t> FibreView::axis_of(ValueId value, ExprId factor) {
  if (value == kNone) return std::nullopt;
  for (std::size_t k = 0; k < rank(value); ++k) {
    if (branches(value, k).has(factor)) return k;
  }
  return std::nullopt;
}

namespace {

std::int64_t int_attribute(const GraphNode& node, std::string_view name, std::int64_t otherwise) {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name) return a.i();
  }
  return otherwise;
}

// The axis that an attribute names; nothing when it is out of range.
std::optional<std::size_t> named_axis(const GraphNode& node, std::int64_t otherwise,
                                      std::size_t rank) {
  const auto n = static_cast<std::int64_t>(rank);
  const std::int64_t axis = int_attribute(node, "axis", otherwise);
  if (axis < -n || axis >= n) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + n : axis);
}

struct Question {
  const GraphNode& node;
  const Fibre& fibre;
  FibreView& view;

  ValueId operand(std::size_t k) const {
    return k < node.inputs.size() ? node.inputs[k] : ValueId{kNone};
  }
  std::optional<std::size_t> factor_axis(std::size_t k) const {
    return view.axis_of(operand(k), fibre.factor);
  }
  std::optional<std::size_t> parent_axis(std::size_t k) const {
    return view.axis_of(operand(k), fibre.parent);
  }
};

// Elements keep their coordinates, or come together at equal ones: at one index of f they are on
// one axis of the result, where g is once. A sum over f alone is the same in any order; where g is
// summed over, the result cannot hold f.
bool by_coordinates(const Question&) { return true; }

// Elements share a statistic with all those that lie along the axes [first, last]. Over g, they
// must share it over f as well.
bool along(const Question& q, std::size_t k, std::size_t first, std::size_t last) {
  const auto f = q.factor_axis(k), g = q.parent_axis(k);
  const auto inside = [&](std::size_t axis) { return first <= axis && axis <= last; };
  return !f || (g && (inside(*f) || !inside(*g)));
}

bool softmax(const Question& q) {
  const std::size_t rank = q.view.rank(q.operand(0));
  const bool flat = q.node.opset < 13 && q.node.op != "LpNormalization";
  const auto axis = named_axis(q.node, flat ? 1 : -1, rank);
  return axis && along(q, 0, *axis, flat ? rank - 1 : *axis);
}

// Of rank 0, no factor is held.
bool layer_norm(const Question& q) {
  const std::size_t rank = q.view.rank(q.operand(0));
  const auto axis = named_axis(q.node, -1, rank);
  return axis && along(q, 0, *axis, rank - 1);
}

bool skip_layer_norm(const Question& q) {
  for (const std::size_t k : {0, 1}) {
    const std::size_t rank = q.view.rank(q.operand(k));
    if (rank == 0 || !along(q, k, rank - 1, rank - 1)) return false;
  }
  return true;
}

// Rows of x meet columns of y along one axis of each. If that holds f, it holds g as well, or both
// have g in the same place of the batch.
bool contraction(const Question& q, std::size_t x, std::size_t y, bool transpose_x,
                 bool transpose_y) {
  const std::size_t rank_x = q.view.rank(q.operand(x)), rank_y = q.view.rank(q.operand(y));
  if (rank_x < 2 || rank_y < 2) return false;
  const std::size_t along_x = rank_x - (transpose_x ? 2 : 1);
  const std::size_t along_y = rank_y - (transpose_y ? 1 : 2);
  const auto f_x = q.factor_axis(x), f_y = q.factor_axis(y);
  if (f_x != along_x && f_y != along_y) return true;
  if (f_x != along_x || f_y != along_y) return false;
  const auto g_x = q.parent_axis(x), g_y = q.parent_axis(y);
  if (!g_x || !g_y) return false;
  if (*g_x == along_x && *g_y == along_y) return true;
  return *g_x + 2 < rank_x && *g_y + 2 < rank_y && rank_x - *g_x == rank_y - *g_y;
}

bool matmul(const Question& q) { return contraction(q, 0, 1, false, false); }
bool qlinear_matmul(const Question& q) { return contraction(q, 0, 3, false, false); }

bool gemm(const Question& q) {
  return contraction(q, 0, 1, int_attribute(q.node, "transA", 0) != 0,
                     int_attribute(q.node, "transB", 0) != 0);
}

bool fused_matmul(const Question& q) {
  return int_attribute(q.node, "transBatchA", 0) == 0 &&
         int_attribute(q.node, "transBatchB", 0) == 0 && gemm(q);
}

// Operands that hold f under one letter hold g under one letter.
bool einsum(const Question& q) {
  std::string text;
  for (const auto& a : q.node.proto->attribute()) {
    if (a.name() == "equation") text = a.s();
  }
  std::erase(text, ' ');
  if (text.find("...") != std::string::npos) return false;
  std::set<char> factors, parents;
  std::size_t k = 0, i = 0;
  for (const char c : text.substr(0, text.find("->"))) {
    if (c == ',') {
      ++k;
      i = 0;
      continue;
    }
    if (q.operand(k) == kNone || i >= q.view.rank(q.operand(k))) return false;
    if (q.factor_axis(k)) {
      if (q.factor_axis(k) == i) factors.insert(c);
      if (q.parent_axis(k) == i) parents.insert(c);
    }
    ++i;
  }
  return factors.size() <= 1 && parents.size() <= 1;
}

// Where the value holds f, g is in front of it on the same axis, one of the first `axes`.
bool on_one_axis(const Question& q, ValueId value, std::size_t axes) {
  const auto f = q.view.axis_of(value, q.fibre.factor);
  if (!f) return true;
  if (f != q.view.axis_of(value, q.fibre.parent) || *f >= axes) return false;
  const auto& company = q.view.branches(value, *f).company;
  const auto met = company.find(q.fibre.factor);
  return met != company.end() && met->second.before.contains(q.fibre.parent);
}

// Heads are the major part of an axis [.., h*d], or an axis of their own in [b, h, s, d], caches
// [2, b, h, s, d] and packed operands [b, s, h, 3, d]. At each index of a factor of the heads the
// operator does the same; so f may be anywhere after g.
bool by_heads(const Question& q) {
  const auto fits = [&](ValueId value) {
    const auto f = q.view.axis_of(value, q.fibre.factor);
    const auto g = q.view.axis_of(value, q.fibre.parent);
    if (f == g) return on_one_axis(q, value, SIZE_MAX);
    const std::size_t rank = q.view.rank(value);
    return !f || ((rank == 4 || rank == 5) && g == rank - 3 && f == rank - 1);
  };
  return std::ranges::all_of(q.node.inputs, fits) && std::ranges::all_of(q.node.outputs, fits);
}

// Channels, x[n, c, ..] and weights[m, c, ..]: with g in front of f, they meet at equal indices of
// both. In groups of channels, the weights of each group are numbered alike.
bool by_channels(const Question& q) {
  const auto fits = [&](ValueId value) { return on_one_axis(q, value, 2); };
  return int_attribute(q.node, "group", 1) == 1 && std::ranges::all_of(q.node.inputs, fits) &&
         std::ranges::all_of(q.node.outputs, fits);
}

// A statistic of each picture.
bool instance_norm(const Question& q) {
  const std::size_t rank = q.view.rank(q.operand(0));
  return rank > 2 && along(q, 0, 2, rank - 1);
}

// Rows are picked along another axis.
bool gather(const Question& q) {
  if (q.factor_axis(1)) return false;
  const auto axis = named_axis(q.node, 0, q.view.rank(q.operand(0)));
  return axis && (!q.factor_axis(0) || (q.factor_axis(0) != axis && q.parent_axis(0) != axis));
}

// The order in front of a lock is as good as any, as long as the locked axis has all of it; that is
// for the plan to see, as it is for axes that the lock lets through.
bool lock(const Question&) { return true; }

struct Entry {
  std::string_view domain;
  bool (*passes)(const Question&);
  std::vector<std::string_view> ops;
};

const Entry kEntries[] = {
    {"",
     by_coordinates,
     {"Abs", "Ceil", "Exp", "Floor", "Log", "Neg", "Not", "Reciprocal", "Round", "Sign", "Sqrt",
      "IsInf", "IsNaN", "Cast", "Identity", "Dropout"}},
    {"",
     by_coordinates,
     {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Cosh", "Sin", "Sinh", "Tan",
      "Tanh"}},
    {"",
     by_coordinates,
     {"Celu", "Clip", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish",
      "PRelu", "Relu"}},
    {"",
     by_coordinates,
     {"Selu", "Shrink", "Sigmoid", "Softplus", "Softsign", "Swish", "ThresholdedRelu"}},
    {"",
     by_coordinates,
     {"Add", "Sub", "Mul", "Div", "Mod", "Pow", "Max", "Min", "Mean", "Sum", "Where"}},
    {"",
     by_coordinates,
     {"And", "Or", "Xor", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}},
    {"",
     by_coordinates,
     {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Concat", "Slice", "Split",
      "Expand", "Tile", "Shape", "Size", "If", "TensorScatter"}},
    {"",
     by_coordinates,
     {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
      "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}},
    {"", by_coordinates, {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}},
    {"com.microsoft",
     by_coordinates,
     {"BiasGelu", "BiasAdd", "FastGelu", "Gelu", "QuickGelu", "QuantizeLinear", "DequantizeLinear",
      "QLinearAdd", "QLinearMul"}},
    {"",
     by_channels,
     {"Conv", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool",
      "BatchNormalization"}},
    {"", instance_norm, {"InstanceNormalization"}},
    {"", softmax, {"Softmax", "LogSoftmax", "LpNormalization"}},
    {"", layer_norm, {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}},
    {"com.microsoft", layer_norm, {"LayerNormalization", "SimplifiedLayerNormalization"}},
    {"com.microsoft",
     skip_layer_norm,
     {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}},
    {"", matmul, {"MatMul", "MatMulInteger"}},
    {"", gemm, {"Gemm"}},
    {"", qlinear_matmul, {"QLinearMatMul"}},
    {"", einsum, {"Einsum"}},
    {"com.microsoft", matmul, {"MatMulIntegerToFloat", "DynamicQuantizeMatMul"}},
    {"com.microsoft", gemm, {"FusedGemm"}},
    {"com.microsoft", fused_matmul, {"FusedMatMul"}},
    {"", by_heads, {"Attention", "RotaryEmbedding"}},
    {"com.microsoft",
     by_heads,
     {"Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention", "RotaryEmbedding",
      "MatMulNBits", "MatMulBnb4"}},
    {"", gather, {"Gather"}},
    {"permcrypt", lock, {"Lock"}},
};

}  // namespace

bool passes_fibres(const GraphNode& node, const Fibre& fibre, FibreView& view) {
  for (const Entry& entry : kEntries) {
    if (entry.domain != node.domain) continue;
    if (std::ranges::find(entry.ops, std::string_view(node.op)) == entry.ops.end()) continue;
    return entry.passes({node, fibre, view});
  }
  return false;
}

}  // namespace permcrypt
