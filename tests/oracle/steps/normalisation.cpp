// Steps that normalise or reduce along axes.
#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

// What normalises an axis of one or two leaves nothing of it, so these are left alone.

int any_axis(GraphWriter& g, const Value& x) { return g.pick(x.rank()); }

std::optional<Value> softmax(GraphWriter& g, const Value& x) {
  if (x.rank() < 1) return std::nullopt;
  const int axis = any_axis(g, x);
  if (x.dims[static_cast<std::size_t>(axis)].n < 2) return std::nullopt;
  return g.same(g.chance(70) ? "Softmax" : "LogSoftmax", x,
                {attr("axis", axis - (g.chance(50) ? x.rank() : 0))});
}

std::optional<Value> layer_norm(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic || x.dims.back().n < 3) return std::nullopt;
  const std::int64_t n = x.dims.back().n;
  const std::string bias = g.chance(70) ? g.weight({n}) : "";
  return Value{g.node("LayerNormalization", {x.name, g.weight({n}), bias},
                      {attr("axis", -1), attr("epsilon", 0.01)}),
               x.dims};
}

std::string reduce(GraphWriter& g, const std::string& op, const std::string& x, const Ints& axes,
                   bool keep) {
  const auto keepdims = attr("keepdims", int{keep});
  if (op == "ReduceSum" || g.opset() >= 18) return g.node(op, {x, g.ints(axes)}, {keepdims});
  return g.node(op, {x}, {attr("axes", axes), keepdims});
}

// The same in primitive operators, or without the mean.
std::optional<Value> written_out_norm(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic || x.dims.back().n < 3) return std::nullopt;
  std::string centred = x.name;
  if (g.chance(50)) centred = g.node("Sub", {x.name, reduce(g, "ReduceMean", x.name, {-1}, true)});
  const std::string square =
      g.chance(50) ? g.node("Mul", {centred, centred}) : g.node("Pow", {centred, g.scalar(2)});
  const std::string variance =
      g.node("Add", {reduce(g, "ReduceMean", square, {-1}, true), g.scalar(0.1F)});
  const std::string scaled = g.node("Div", {centred, g.node("Sqrt", {variance})});
  const std::int64_t n = x.dims.back().n;
  const std::string grown = g.node("Mul", {scaled, g.weight({n})});
  return Value{g.node("Add", {grown, g.weight({n})}), x.dims};
}

std::string positive(GraphWriter& g, std::int64_t n) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(0.3 + g.uniform()));
  return g.reals({n}, values);
}

std::optional<Value> batch_norm(GraphWriter& g, const Value& x) {
  if (x.rank() < 2 || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t n = x.dims[1].n;
  return Value{g.node("BatchNormalization",
                      {x.name, g.weight({n}), g.weight({n}), g.weight({n}), positive(g, n)}),
               x.dims};
}

std::optional<Value> instance_norm(GraphWriter& g, const Value& x) {
  if (x.rank() < 3 || x.dims[1].dynamic || x.dims.back().n < 3) return std::nullopt;
  const std::int64_t n = x.dims[1].n;
  return Value{g.node("InstanceNormalization", {x.name, g.weight({n}), g.weight({n})},
                      {attr("epsilon", 0.1)}),
               x.dims};
}

// Group normalisation as it was exported before it was an operator.
std::optional<Value> group_norm(GraphWriter& g, const Value& x) {
  if (x.rank() < 3 || x.dims[1].dynamic || x.dims[1].n % 2 != 0 || x.dims.back().n < 3 ||
      !x.is_static()) {
    return std::nullopt;
  }
  const std::int64_t n = x.dims[1].n;
  Ints shape;
  for (const Dim& dim : x.dims) shape.push_back(dim.n);
  const Value groups = g.reshape(x, {x.dims[0].n, 2, x.elements() / x.dims[0].n / 2});
  const std::string one = g.reals({2}, {1, 1}), zero = g.reals({2}, {0, 0});
  const std::string normal =
      g.node("InstanceNormalization", {groups.name, one, zero}, {attr("epsilon", 0.1)});
  const Value back = g.reshape({normal, groups.dims}, shape);
  Ints per_channel(x.dims.size() - 1, 1);
  per_channel[0] = n;
  const std::string scaled = g.node("Mul", {back.name, g.weight(per_channel)});
  return Value{g.node("Add", {scaled, g.weight(per_channel)}), x.dims};
}

std::optional<Value> reduction(GraphWriter& g, const Value& x) {
  if (x.rank() < 2) return std::nullopt;
  const std::string op = g.one_of<std::string>(
      {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceMin", "ReduceLogSumExp"});
  const int axis = any_axis(g, x);
  const bool keep = g.chance(50);
  Value y{reduce(g, op, x.name, {axis - (g.chance(50) ? x.rank() : 0)}, keep), x.dims};
  if (keep) {
    y.dims[static_cast<std::size_t>(axis)] = {1};
  } else {
    y.dims.erase(y.dims.begin() + axis);
  }
  return y;
}

std::optional<Value> unit_length(GraphWriter& g, const Value& x) {
  if (x.rank() < 1) return std::nullopt;
  const int axis = any_axis(g, x);
  const std::string length =
      g.node("Add", {reduce(g, "ReduceL2", x.name, {axis}, true), g.scalar(0.1F)});
  return Value{g.node("Div", {x.name, length}), x.dims};
}

const Step kSteps[] = {
    {"softmax", softmax},
    {"layer norm", layer_norm, 4},
    {"layer norm, written out", written_out_norm, 4},
    {"batch norm", batch_norm},
    {"instance norm", instance_norm, 1},
    {"group norm", group_norm},
    {"reduction", reduction},
    {"unit length", unit_length, 1},
};

}  // namespace

std::span<const Step> normalisation_steps() { return kSteps; }

}  // namespace permcrypt::testing
