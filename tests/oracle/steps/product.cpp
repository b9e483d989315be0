// Steps that contract an axis.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {

std::vector<int> static_axes(const Value& x) {
  std::vector<int> out;
  for (int k = 0; k < x.rank(); ++k) {
    const Dim& dim = x.dims[static_cast<std::size_t>(k)];
    if (!dim.dynamic && dim.n > 1) out.push_back(k);
  }
  return out;
}

Value project(GraphWriter& g, const Value& x, std::int64_t width) {
  const std::int64_t n = x.dims.back().n;
  const double scale = 1 / std::sqrt(static_cast<double>(n));
  std::string w;
  if (g.chance(25)) {
    w = g.node("Transpose", {g.weight({width, n}, scale)}, {attr("perm", Ints{1, 0})});
  } else {
    w = g.weight({n, width}, scale);
  }
  Value out{g.node("MatMul", {x.name, w}), x.dims};
  out.dims.back() = {width};
  return out;
}

namespace {

bool has_last(const Value& x) { return x.rank() >= 1 && !x.dims.back().dynamic; }

std::optional<Value> linear(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  Value y = project(g, x, g.one_of<std::int64_t>({4, 6, 8, 12}));
  if (g.chance(60)) y.name = g.node("Add", {y.name, g.weight({y.dims.back().n})});
  return y;
}

std::optional<Value> mlp(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  Value h = project(g, x, g.one_of<std::int64_t>({6, 10, 16}));
  h.name = g.node("Add", {g.weight({h.dims.back().n}), h.name});
  h = g.same(g.one_of<std::string>({"Relu", "Tanh", "Sigmoid"}), h);
  Value y = project(g, h, x.dims.back().n);
  if (g.chance(70)) y.name = g.node("Add", {x.name, y.name});
  return y;
}

// silu(x @ a) * (x @ b) @ c, with a and b apart or fused
std::optional<Value> gated_mlp(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t width = g.one_of<std::int64_t>({6, 10});
  std::string a, b;
  if (g.chance(50)) {
    a = project(g, x, width).name;
    b = project(g, x, width).name;
  } else {
    const auto halves = g.nodes("Split", {project(g, x, 2 * width).name, g.ints({width, width})}, 2,
                                {attr("axis", -1)});
    a = halves[0];
    b = halves[1];
  }
  Value h{g.node("Mul", {g.node("Mul", {a, g.node("Sigmoid", {a})}), b}), x.dims};
  h.dims.back() = {width};
  return project(g, h, x.dims.back().n);
}

std::optional<Value> gemm(GraphWriter& g, const Value& x) {
  if (x.rank() != 2 || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t n = x.dims[1].n, m = g.one_of<std::int64_t>({4, 7, 8});
  const bool flip = g.chance(50);
  const std::string w = flip ? g.weight({m, n}, 0.4) : g.weight({n, m}, 0.4);
  const std::string bias = g.chance(30) ? "" : g.weight(g.chance(70) ? Ints{m} : Ints{1, m});
  return Value{g.node("Gemm", {x.name, w, bias},
                      {attr("transB", int{flip}), attr("alpha", 1.5), attr("beta", 0.5)}),
               {x.dims[0], {m}}};
}

// x @ x^T over the last two axes.
std::optional<Value> scores(GraphWriter& g, const Value& x) {
  if (x.rank() < 2 || !has_last(x)) return std::nullopt;
  Ints order;
  for (int k = 0; k < x.rank() - 2; ++k) order.push_back(k);
  order.push_back(x.rank() - 1);
  order.push_back(x.rank() - 2);
  const Value t = g.transpose(x, order);
  Value y{g.node("MatMul", {x.name, t.name}), x.dims};
  y.dims.back() = x.dims[x.dims.size() - 2];
  return g.chance(50) ? g.same("Softmax", y, {attr("axis", -1)}) : g.same("Tanh", y);
}

// The last axis contracted with that of an earlier value of the same shape, axis by axis.
std::optional<Value> einsum(GraphWriter& g, const Value& x) {
  if (x.rank() < 2 || x.rank() > 4 || !has_last(x)) return std::nullopt;
  const std::string letters = std::string("abcd").substr(0, static_cast<std::size_t>(x.rank()));
  const std::int64_t m = g.one_of<std::int64_t>({3, 5, 8});
  const bool flip = g.chance(50);
  const std::string w = g.weight(flip ? Ints{m, x.dims.back().n} : Ints{x.dims.back().n, m}, 0.4);
  const std::string last(1, letters.back());
  std::string result = letters.substr(0, letters.size() - 1) + "z";
  Value y{"", x.dims};
  y.dims.back() = {m};
  if (g.chance(40)) {
    std::swap(result.front(), result.back());
    std::swap(y.dims.front(), y.dims.back());
  }
  const std::string equation = letters + "," + (flip ? "z" + last : last + "z") + "->" + result;
  y.name = g.node("Einsum", {x.name, w}, {attr("equation", equation)});
  return y;
}

// A batch of matrices of weights.
std::optional<Value> batched(GraphWriter& g, const Value& x) {
  if (x.rank() < 3 || !has_last(x) || x.dims[x.dims.size() - 3].dynamic) return std::nullopt;
  const std::int64_t m = g.one_of<std::int64_t>({4, 6});
  const std::string w = g.weight({x.dims[x.dims.size() - 3].n, x.dims.back().n, m}, 0.4);
  Value y{g.node("MatMul", {x.name, w}), x.dims};
  y.dims.back() = {m};
  return y;
}

const Step kSteps[] = {
    {"linear", linear, 8}, {"mlp", mlp, 5},       {"gated mlp", gated_mlp, 3}, {"gemm", gemm, 3},
    {"scores", scores, 1}, {"einsum", einsum, 3}, {"batched", batched},
};

}  // namespace

std::span<const Step> product_steps() { return kSteps; }

}  // namespace permcrypt::testing
