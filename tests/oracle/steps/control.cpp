// Steps with bodies, and recurrent ones.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

// Either branch: a product, a weight added, or x as it is.
onnx::GraphProto branch(GraphWriter& g, const Value& x) {
  g.begin_body();
  Value y = x;
  switch (g.pick(3)) {
    case 0:
      y = project(g, x, x.dims.back().n);
      break;
    case 1:
      y.name = g.node("Mul", {x.name, g.weight({x.dims.back().n})});
      break;
    default:
      y = g.same("Identity", x);
  }
  return g.end_body(y.name);
}

std::optional<Value> condition(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic) return std::nullopt;
  const auto yes = branch(g, x), no = branch(g, x);
  return Value{g.node("If", {"flag"}, {attr("then_branch", yes), attr("else_branch", no)}), x.dims};
}

// One weight for each step of a sequence, the state carried along.
std::optional<Value> scan(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || x.dims[2].dynamic || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t n = x.dims[2].n;
  const std::string start = g.reals({n}, std::vector<float>(static_cast<std::size_t>(n), 0.5F));
  g.begin_body();
  const std::string state = start + "_in", item = x.name + "_item" + start;
  g.input(state, onnx::TensorProto::FLOAT, {{n}});
  g.input(item, onnx::TensorProto::FLOAT, {x.dims[0], x.dims[2]});
  const std::string turned = g.node("MatMul", {state, g.weight({n, n}, 0.4)});
  const std::string mean = g.node("Mul", {item, g.weight({n})});
  const std::string first = g.node("Gather", {mean, g.ints({}, {0})}, {attr("axis", 0)});
  const std::string next = g.node("Tanh", {g.node("Add", {turned, first})});
  auto body = g.end_body(next);
  const std::string out = next + "_out";
  auto& copy = *body.add_node();
  copy.set_op_type("Add");
  copy.add_input(item);
  copy.add_input(next);
  copy.add_output(out);
  body.add_output()->set_name(out);
  const Value t = g.transpose(x, {1, 0, 2});
  const auto results =
      g.nodes("Scan", {start, t.name}, 2, {attr("body", body), attr("num_scan_inputs", 1)});
  return Value{results[1], t.dims};
}

std::optional<Value> recurrent(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || x.dims[2].dynamic) return std::nullopt;
  const std::string op = g.one_of<std::string>({"LSTM", "GRU", "RNN"});
  const std::int64_t gates = op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
  const std::int64_t n = x.dims[2].n, hidden = g.one_of<std::int64_t>({3, 5}), ways = 1 + g.pick(2);
  const double scale = 1 / std::sqrt(static_cast<double>(n));
  const std::string w = g.weight({ways, gates * hidden, n}, scale);
  const std::string r = g.weight({ways, gates * hidden, hidden}, 0.4);
  const std::string b = g.chance(70) ? g.weight({ways, 2 * gates * hidden}) : "";
  const std::string direction = ways == 2 ? "bidirectional" : g.chance(50) ? "forward" : "reverse";
  const Value y{
      g.node(op, {x.name, w, r, b}, {attr("hidden_size", hidden), attr("direction", direction)}),
      {x.dims[0], {ways}, x.dims[1], {hidden}}};
  if (ways == 1) {
    return Value{g.node("Squeeze", {y.name, g.ints({1})}), {x.dims[0], x.dims[1], {hidden}}};
  }
  const Value t = g.transpose(y, {0, 2, 1, 3});
  return Value{g.node("Reshape", {t.name, g.ints({0, 0, 2 * hidden})}),
               {x.dims[0], x.dims[1], {2 * hidden}}};
}

const Step kSteps[] = {
    {"if", condition, 3},
    {"scan", scan},
    {"recurrent", recurrent, 3},
};

}  // namespace

std::span<const Step> control_steps() { return kSteps; }

}  // namespace permcrypt::testing
