// Steps whose results are positions, or depend on them.
#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

bool has_last(const Value& x) {
  return x.rank() >= 1 && !x.dims.back().dynamic && x.dims.back().n > 1;
}

// Scores without ties: the first of equal ones is another after renumbering.
Value scores(GraphWriter& g, const Value& x, std::int64_t classes) {
  Value y = project(g, x, classes);
  y.name = g.node("Add", {y.name, g.weight({classes})});
  return y;
}

std::optional<Value> largest(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t k = 1 + g.pick(static_cast<int>(x.dims.back().n));
  const auto top =
      g.nodes("TopK", {x.name, g.ints({k})}, 2, {attr("axis", -1), attr("largest", g.pick(2))});
  Value y{top[0], x.dims};
  y.dims.back() = {k};
  return y;
}

// The position of the largest entry of scores, as an id in a table.
std::optional<Value> look_up_largest(GraphWriter& g, const Value& x) {
  if (!has_last(x) || x.rank() > 4) return std::nullopt;
  const std::int64_t classes = 5, width = g.one_of<std::int64_t>({4, 6});
  const std::string id =
      g.node("ArgMax", {scores(g, x, classes).name}, {attr("axis", -1), attr("keepdims", 0)});
  Value y{g.node("Gather", {g.weight({classes, width}), id}), x.dims};
  y.dims.back() = {width};
  return y;
}

// The best few experts' outputs, weighted.
std::optional<Value> weighted_choice(GraphWriter& g, const Value& x) {
  if (x.rank() != 2 || !has_last(x)) return std::nullopt;
  const std::int64_t experts = 4, width = 6;
  const Value gates = g.same("Softmax", scores(g, x, experts), {attr("axis", -1)});
  const auto top = g.nodes("TopK", {gates.name, g.ints({2})}, 2, {attr("axis", -1)});
  const std::string rows = g.node("Gather", {g.weight({experts, width}), top[1]});
  const std::string weights = g.node("Unsqueeze", {top[0], g.ints({-1})});
  const std::string sum =
      g.node("ReduceSum", {g.node("Mul", {rows, weights}), g.ints({1})}, {attr("keepdims", 0)});
  return Value{sum, {x.dims[0], {width}}};
}

// Entries picked along the last axis, by constant positions.
std::optional<Value> gather_elements(GraphWriter& g, const Value& x) {
  if (!has_last(x) || !x.is_static()) return std::nullopt;
  const int n = static_cast<int>(x.dims.back().n);
  Ints shape, positions;
  for (const Dim& dim : x.dims) shape.push_back(dim.n);
  shape.back() = 1 + g.pick(3);
  const std::int64_t count = x.elements() / n * shape.back();
  for (std::int64_t i = 0; i < count; ++i) positions.push_back(g.pick(2 * n) - n);
  Value y{g.node("GatherElements", {x.name, g.ints(shape, positions)}, {attr("axis", -1)}), x.dims};
  y.dims.back() = {shape.back()};
  return y;
}

std::optional<Value> scatter_elements(GraphWriter& g, const Value& x) {
  if (!has_last(x) || !x.is_static()) return std::nullopt;
  const int n = static_cast<int>(x.dims.back().n);
  Ints shape, positions;
  for (const Dim& dim : x.dims) shape.push_back(dim.n);
  shape.back() = 1;
  for (std::int64_t i = 0; i < x.elements() / n; ++i) positions.push_back(g.pick(n));
  return Value{g.node("ScatterElements", {x.name, g.ints(shape, positions), g.weight(shape)},
                      {attr("axis", -1)}),
               x.dims};
}

// One row replaced.
std::optional<Value> scatter_nd(GraphWriter& g, const Value& x) {
  if (x.rank() < 2 || !x.is_static()) return std::nullopt;
  Ints shape{1};
  for (std::size_t k = 1; k < x.dims.size(); ++k) shape.push_back(x.dims[k].n);
  const std::string at = g.ints({1, 1}, {g.pick(static_cast<int>(x.dims[0].n))});
  return Value{g.node("ScatterND", {x.name, at, g.weight(shape)}), x.dims};
}

std::optional<Value> running_sum(GraphWriter& g, const Value& x) {
  if (x.rank() < 1) return std::nullopt;
  const std::string axis = g.ints({}, {g.pick(x.rank())});
  return Value{g.node("CumSum", {x.name, axis}, {attr("exclusive", g.pick(2))}), x.dims};
}

std::optional<Value> triangle(GraphWriter& g, const Value& x) {
  if (x.rank() < 2) return std::nullopt;
  return g.same("Trilu", x, {attr("upper", g.pick(2))});
}

std::optional<Value> one_hot(GraphWriter& g, const Value& x) {
  if (!has_last(x) || x.rank() < 2 || x.rank() > 3) return std::nullopt;
  const std::int64_t n = x.dims.back().n, width = 4;
  const std::string id = g.node("ArgMin", {g.node("Add", {x.name, g.weight({n})})},
                                {attr("axis", -1), attr("keepdims", 0)});
  const std::string hot =
      g.node("OneHot", {id, g.ints({n}), g.reals({2}, {0, 1})}, {attr("axis", -1)});
  Value y{g.node("MatMul", {hot, g.weight({n, width})}), x.dims};
  y.dims.back() = {width};
  return y;
}

const Step kSteps[] = {
    {"largest", largest, 1},
    {"look up largest", look_up_largest},
    {"weighted choice", weighted_choice},
    {"gather elements", gather_elements, 1},
    {"scatter elements", scatter_elements, 1},
    {"scatter rows", scatter_nd, 1},
    {"running sum", running_sum, 1},
    {"triangle", triangle, 1},
    {"one hot", one_hot},
};

}  // namespace

std::span<const Step> selection_steps() { return kSteps; }

}  // namespace permcrypt::testing
