// Steps that look rows up in tables: ids, positions, relative positions.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

// The first sequence of vectors, whose axes a table's rows can be added to.
bool is_sequence(const Value& x) { return x.rank() == 3 && !x.dims[2].dynamic && x.dims[2].n > 1; }

std::string extent(GraphWriter& g, const Value& x, int axis) {
  return g.node("Gather", {g.node("Shape", {x.name}), g.ints({axis})}, {attr("axis", 0)});
}

// The first rows of a longer table, cut off or gathered at 0, 1, 2 ...
std::optional<Value> positions(GraphWriter& g, const Value& x) {
  if (!is_sequence(x) || x.dims[1].n > 12) return std::nullopt;
  const std::string table = g.weight({16, x.dims[2].n});
  const std::string time = extent(g, x, 1);
  std::string rows;
  if (g.chance(50)) {
    rows = g.node("Slice", {table, g.ints({0}), time, g.ints({0})});
  } else {
    const std::string limit = g.node("Squeeze", {time, g.ints({0})});
    rows = g.node("Gather", {table, g.node("Range", {g.ints({}, {0}), limit, g.ints({}, {1})})});
  }
  return Value{g.node("Add", {x.name, rows}), x.dims};
}

// Classes of which there is one for each step of the sequence: constant ids.
std::optional<Value> kinds(GraphWriter& g, const Value& x) {
  if (!is_sequence(x) || x.dims[1].dynamic) return std::nullopt;
  Ints ids;
  for (std::int64_t i = 0; i < x.dims[1].n; ++i) ids.push_back(g.pick(3));
  const std::string rows = g.node("Gather", {g.weight({3, x.dims[2].n}), g.ints(ids)});
  return Value{g.node("Add", {x.name, rows}), x.dims};
}

// Scores of all ids, by a table that also gives the next vectors: tied embeddings.
std::optional<Value> next_word(GraphWriter& g, const Value& x) {
  if (!is_sequence(x)) return std::nullopt;
  const std::int64_t words = 9, n = x.dims[2].n;
  const std::string table = g.weight({words, n}, 0.4), bias = g.weight({words});
  const std::string flipped = g.node("Transpose", {table}, {attr("perm", Ints{1, 0})});
  const std::string logits = g.node("Add", {g.node("MatMul", {x.name, flipped}), bias});
  if (g.chance(40)) return Value{logits, {x.dims[0], x.dims[1], {words}}};
  const std::string id = g.node("ArgMax", {logits}, {attr("axis", 2), attr("keepdims", 0)});
  return Value{g.node("Gather", {table, id}), x.dims};
}

// Ids compared, counted and looked up in two tables.
std::optional<Value> computed_ids(GraphWriter& g, const Value& x) {
  if (!is_sequence(x)) return std::nullopt;
  const std::int64_t words = 6, n = x.dims[2].n;
  const Value scores = project(g, x, words);
  const std::string logits = g.node("Add", {scores.name, g.weight({words})});
  std::string id = g.node("ArgMax", {logits}, {attr("axis", -1), attr("keepdims", 0)});
  const std::string pad = g.node("Equal", {id, g.ints({}, {g.pick(6)})});
  const std::string shown = g.node("Unsqueeze", {pad, g.ints({-1})});
  if (g.chance(50)) id = g.node("Cast", {id}, {attr("to", int{onnx::TensorProto::INT32})});
  const std::string one = g.node("Gather", {g.weight({words, n}), id});
  const std::string other = g.node("Gather", {g.weight({words, n}), id});
  return Value{g.node("Where", {shown, one, g.node("Add", {other, x.name})}), x.dims};
}

// Scores of pairs of steps, with a bias for each distance from a small table.
std::optional<Value> relative_bias(GraphWriter& g, const Value& x) {
  if (!is_sequence(x) || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t time = x.dims[1].n, heads = 2;
  Ints distance;
  for (std::int64_t i = 0; i < time * time; ++i) distance.push_back(i % time - i / time + time - 1);
  const std::string table = g.weight({2 * time - 1, heads});
  const Value rows{g.node("Gather", {table, g.ints(distance)}), {{time * time}, {heads}}};
  const Value bias = g.transpose(g.reshape(rows, {time, time, heads}), {2, 0, 1});
  const std::vector<Dim> apart{x.dims[0], x.dims[1], {heads}, {4}};
  const Value q = g.transpose(g.reshape(project(g, x, 8), apart, {0, 1, -1, -1}), {0, 2, 1, 3});
  const Value k = g.transpose(g.reshape(project(g, x, 8), apart, {0, 1, -1, -1}), {0, 2, 3, 1});
  const std::string scores = g.node("Add", {g.node("MatMul", {q.name, k.name}), bias.name});
  return Value{g.node("Softmax", {scores}, {attr("axis", -1)}),
               {x.dims[0], {heads}, {time}, {time}}};
}

// Later steps hidden, by comparing positions.
std::optional<Value> computed_mask(GraphWriter& g, const Value& x) {
  if (!is_sequence(x)) return std::nullopt;
  const std::string limit = g.node("Squeeze", {extent(g, x, 1), g.ints({0})});
  const std::string steps = g.node("Range", {g.ints({}, {0}), limit, g.ints({}, {1})});
  const std::string rows = g.node("Unsqueeze", {steps, g.ints({1})});
  const std::string hidden = g.node("Greater", {g.node("Unsqueeze", {steps, g.ints({0})}), rows});
  const Value t = g.transpose(x, {0, 2, 1});
  const std::string scores = g.node("MatMul", {x.name, t.name});
  const std::string masked = g.node("Where", {hidden, g.scalar(-1e4F), scores});
  const std::string weights = g.node("Softmax", {masked}, {attr("axis", -1)});
  return Value{g.node("MatMul", {weights, x.name}), x.dims};
}

// The last step of a sequence, or the first.
std::optional<Value> one_step(GraphWriter& g, const Value& x) {
  if (!is_sequence(x)) return std::nullopt;
  const std::int64_t at = g.one_of<std::int64_t>({0, -1});
  return Value{g.node("Gather", {x.name, g.ints({}, {at})}, {attr("axis", 1)}),
               {x.dims[0], x.dims[2]}};
}

// Cosines and sines of positions times frequencies.
std::optional<Value> rotary(GraphWriter& g, const Value& x) {
  if (!is_sequence(x) || x.dims[2].n % 2 != 0) return std::nullopt;
  const std::int64_t half = x.dims[2].n / 2;
  const std::string limit = g.node("Squeeze", {extent(g, x, 1), g.ints({0})});
  const std::string steps = g.node("Range", {g.ints({}, {0}), limit, g.ints({}, {1})});
  const std::string real = g.node("Cast", {steps}, {attr("to", int{onnx::TensorProto::FLOAT})});
  const std::string rows = g.node("Unsqueeze", {real, g.ints({1})});
  const std::string angles = g.node("MatMul", {rows, g.weight({1, half})});
  const std::string both = g.node("Concat", {angles, angles}, {attr("axis", -1)});
  const auto halves = g.nodes("Split", {x.name, g.ints({half, half})}, 2, {attr("axis", 2)});
  const std::string turned =
      g.node("Concat", {g.node("Neg", {halves[1]}), halves[0]}, {attr("axis", -1)});
  return Value{g.node("Add", {g.node("Mul", {x.name, g.node("Cos", {both})}),
                              g.node("Mul", {turned, g.node("Sin", {both})})}),
               x.dims};
}

const Step kSteps[] = {
    {"positions", positions, 3},      {"kinds", kinds},
    {"next word", next_word, 3},      {"computed ids", computed_ids, 3},
    {"relative bias", relative_bias}, {"computed mask", computed_mask},
    {"one step", one_step, 1},        {"rotary", rotary, 3},
};

}  // namespace

std::span<const Step> table_steps() { return kSteps; }

}  // namespace permcrypt::testing
