// Steps whose results have the shape of their operands.
#include <algorithm>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

std::optional<Value> unary(GraphWriter& g, const Value& x) {
  const std::string op =
      g.one_of<std::string>({"Relu", "Tanh", "Sigmoid", "Neg", "Abs", "Erf", "LeakyRelu", "Elu",
                             "Softplus", "HardSigmoid", "Identity", "Sin", "Selu"});
  return g.same(op, x);
}

std::optional<Value> clip(GraphWriter& g, const Value& x) {
  return Value{g.node("Clip", {x.name, g.scalar(-0.7F), g.chance(50) ? g.scalar(0.9F) : ""}),
               x.dims};
}

std::optional<Value> through_double(GraphWriter& g, const Value& x) {
  const Value wide = g.same("Cast", x, {attr("to", int{onnx::TensorProto::DOUBLE})});
  const Value same = g.same("Identity", wide);
  return g.same("Cast", same, {attr("to", int{onnx::TensorProto::FLOAT})});
}

// A shape that broadcasts against x: some axes are 1, some in front are missing.
Ints part_of_shape(GraphWriter& g, const Value& x) {
  Ints shape;
  const int missing = g.chance(60) ? g.pick(x.rank() + 1) : 0;
  for (int k = missing; k < x.rank(); ++k) {
    const Dim& dim = x.dims[static_cast<std::size_t>(k)];
    shape.push_back(dim.dynamic || g.chance(20) ? 1 : dim.n);
  }
  return shape;
}

std::optional<Value> with_weight(GraphWriter& g, const Value& x) {
  const std::string op = g.one_of<std::string>({"Add", "Add", "Mul", "Sub", "Max", "PRelu", "Min"});
  const std::string w = g.weight(part_of_shape(g, x));
  const bool first = op != "PRelu" && g.chance(40);
  return Value{first ? g.node(op, {w, x.name}) : g.node(op, {x.name, w}), x.dims};
}

// Equal from the right, or one of them 1; a dynamic extent meets the same or 1.
bool broadcasts(const Value& x, const Value& y) {
  for (int k = 1; k <= std::min(x.rank(), y.rank()); ++k) {
    const Dim &a = x.dims[static_cast<std::size_t>(x.rank() - k)],
              &b = y.dims[static_cast<std::size_t>(y.rank() - k)];
    const bool one = (a == Dim{1}) || (b == Dim{1});
    if (!(a == b) && !one) return false;
  }
  return true;
}

std::vector<Dim> broadcast_dims(const Value& x, const Value& y) {
  const bool longer = x.rank() >= y.rank();
  std::vector<Dim> out = longer ? x.dims : y.dims;
  const auto& other = longer ? y.dims : x.dims;
  for (std::size_t k = 0; k < other.size(); ++k) {
    Dim& dim = out[out.size() - other.size() + k];
    if (dim == Dim{1}) dim = other[k];
  }
  return out;
}

std::optional<Value> with_value(GraphWriter& g, const Value& x) {
  const int start = g.pick(static_cast<int>(g.values.size()));
  for (std::size_t i = 0; i < g.values.size(); ++i) {
    const Value& y = g.values[(static_cast<std::size_t>(start) + i) % g.values.size()];
    if (y.name == x.name || !broadcasts(x, y)) continue;
    const std::string op = g.one_of<std::string>({"Add", "Add", "Mul", "Sub", "Max", "Where"});
    const std::vector<Dim> dims = broadcast_dims(x, y);
    if (op != "Where") return Value{g.node(op, {x.name, y.name}), dims};
    const std::string greater = g.node("Greater", {x.name, y.name});
    return Value{g.node("Where", {greater, x.name, y.name}), dims};
  }
  return std::nullopt;
}

std::optional<Value> masked(GraphWriter& g, const Value& x) {
  const Ints shape = part_of_shape(g, x);
  std::string mask;
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  for (std::int64_t i = 0; i < n; ++i) mask += static_cast<char>(g.pick(2));
  const std::string condition = g.bytes(shape, onnx::TensorProto::BOOL, mask);
  const std::string other = g.chance(50) ? g.scalar(-2) : g.weight(part_of_shape(g, x));
  return Value{g.node("Where", {condition, x.name, other}), x.dims};
}

// x * sigmoid(a * x + b), as exporters write activations.
std::optional<Value> gate(GraphWriter& g, const Value& x) {
  const std::string scaled = g.node("Mul", {x.name, g.weight(part_of_shape(g, x))});
  const std::string open = g.node("Sigmoid", {scaled});
  return Value{g.node("Mul", {x.name, open}), x.dims};
}

const Step kSteps[] = {
    {"unary", unary, 4},
    {"clip", clip, 1},
    {"through double", through_double, 1},
    {"with a weight", with_weight, 5},
    {"with another value", with_value, 5},
    {"masked", masked},
    {"gate", gate},
};

}  // namespace

std::span<const Step> elementwise_steps() { return kSteps; }

}  // namespace permcrypt::testing
