// Steps that shuffle, shift and route.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

std::optional<Value> channel_shuffle(GraphWriter& g, const Value& x) {
  if (x.rank() < 3 || x.dims[1].dynamic || x.dims[1].n % 2 != 0) return std::nullopt;
  const std::int64_t n = x.dims[1].n;
  std::vector<Dim> apart{x.dims[0], {2}, {n / 2}};
  std::vector<int> from{0, -1, -1}, back{0, -1};
  Ints order{0, 2, 1};
  std::vector<Dim> joined{x.dims[0], {n}};
  for (int k = 2; k < x.rank(); ++k) {
    apart.push_back(x.dims[static_cast<std::size_t>(k)]);
    joined.push_back(apart.back());
    from.push_back(k);
    back.push_back(k + 1);
    order.push_back(k + 1);
  }
  return g.reshape(g.transpose(g.reshape(x, apart, from), order), joined, back);
}

// A static axis turned by some places: two slices, joined.
std::optional<Value> roll(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty()) return std::nullopt;
  const int axis = g.one_of(axes);
  const std::int64_t n = x.dims[static_cast<std::size_t>(axis)].n;
  const std::int64_t by = 1 + g.pick(static_cast<int>(n - 1));
  const std::string front = g.node("Slice", {x.name, g.ints({0}), g.ints({by}), g.ints({axis})});
  const std::string rest =
      g.node("Slice", {x.name, g.ints({by}), g.ints({INT64_MAX}), g.ints({axis})});
  return Value{g.node("Concat", {rest, front}, {attr("axis", axis)}), x.dims};
}

// [b, c, h, w] in windows of 2 x 2, the channels mixed in each, and together again.
std::optional<Value> windows(GraphWriter& g, const Value& x) {
  if (x.rank() != 4 || !x.is_static() || x.dims[2].n % 2 != 0 || x.dims[3].n % 2 != 0) {
    return std::nullopt;
  }
  const std::int64_t b = x.dims[0].n, c = x.dims[1].n, h = x.dims[2].n, w = x.dims[3].n;
  const Value cut = g.reshape(x, {b, c, h / 2, 2, w / 2, 2});
  const Value apart = g.transpose(cut, {0, 2, 4, 3, 5, 1});
  const Value flat = g.reshape(apart, {b * h * w / 4, 4, c});
  const Value mixed = project(g, flat, c);
  const Value back = g.reshape(mixed, {b, h / 2, w / 2, 2, 2, c});
  return g.reshape(g.transpose(back, {0, 5, 1, 3, 2, 4}), {b, c, h, w});
}

// Each second entry of an axis, and the others, side by side.
std::optional<Value> interleaved(GraphWriter& g, const Value& x) {
  for (const int axis : static_axes(x)) {
    const std::int64_t n = x.dims[static_cast<std::size_t>(axis)].n;
    if (n % 2 != 0) continue;
    const auto every = [&](std::int64_t begin) {
      return g.node("Slice",
                    {x.name, g.ints({begin}), g.ints({INT64_MAX}), g.ints({axis}), g.ints({2})});
    };
    const std::string odd = g.node("Neg", {every(1)});
    return Value{g.node("Concat", {every(0), odd}, {attr("axis", axis)}), x.dims};
  }
  return std::nullopt;
}

// The largest entries' positions put to use: the entries themselves, and a mask of them.
std::optional<Value> routed(GraphWriter& g, const Value& x) {
  if (x.rank() != 2 || x.dims[1].dynamic || x.dims[1].n < 3 || x.dims[0].dynamic) {
    return std::nullopt;
  }
  const std::int64_t n = x.dims[1].n, experts = 5, k = 2;
  const Value scores = project(g, x, experts);
  const std::string gates = g.node("Add", {scores.name, g.weight({experts})});
  const auto top = g.nodes("TopK", {gates, g.ints({k})}, 2, {attr("axis", -1)});
  const std::string weights = g.node("Softmax", {top[0]}, {attr("axis", -1)});
  std::vector<float> zeros(static_cast<std::size_t>(x.dims[0].n * experts), 0);
  const std::string none = g.reals({x.dims[0].n, experts}, zeros);
  const std::string spread = g.node("ScatterElements", {none, top[1], weights}, {attr("axis", 1)});
  return Value{g.node("MatMul", {spread, g.weight({experts, n})}), x.dims};
}

// All experts at once: [experts, n, m] by one product, then a weighted sum.
std::optional<Value> mixture(GraphWriter& g, const Value& x) {
  if (x.rank() != 2 || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t n = x.dims[1].n, experts = 3, m = 4;
  const std::string all = g.node("Einsum", {x.name, g.weight({experts, n, m}, 0.4)},
                                 {attr("equation", std::string("bi,eij->bej"))});
  const Value gates = g.same("Softmax", project(g, x, experts), {attr("axis", 1)});
  return Value{g.node("Einsum", {all, gates.name}, {attr("equation", std::string("bej,be->bj"))}),
               {x.dims[0], {m}}};
}

// A vector on either side of a product.
std::optional<Value> with_vector(GraphWriter& g, const Value& x) {
  if (x.rank() < 2 || x.dims.back().dynamic) return std::nullopt;
  const Dim row = x.dims[x.dims.size() - 2];
  if (!row.dynamic && g.chance(50)) {
    Value y{g.node("MatMul", {g.weight({row.n}), x.name}), x.dims};
    y.dims.erase(y.dims.end() - 2);
    return y;
  }
  Value y{g.node("MatMul", {x.name, g.weight({x.dims.back().n})}), x.dims};
  y.dims.pop_back();
  return y;
}

// The same weights a few times over.
std::optional<Value> repeated_block(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic || x.dims.back().n < 3) return std::nullopt;
  const std::int64_t n = x.dims.back().n, m = 6;
  const std::string up = g.weight({n, m}, 0.4), down = g.weight({m, n}, 0.4), gain = g.weight({n});
  Value y = x;
  for (int i = 0; i < 2; ++i) {
    const std::string h = g.node("Tanh", {g.node("MatMul", {y.name, up})});
    const std::string sum = g.node("Add", {y.name, g.node("MatMul", {h, down})});
    y.name = g.node("LayerNormalization", {sum, gain}, {attr("axis", -1), attr("epsilon", 0.01)});
  }
  return y;
}

// x @ w, over and over, in a Loop.
std::optional<Value> loop(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic) return std::nullopt;
  const std::int64_t n = x.dims.back().n;
  const std::string count = g.ints({}, {3});
  const std::string go = g.bytes({}, onnx::TensorProto::BOOL, std::string(1, '\1'));
  g.begin_body();
  const std::string tag = count + x.name + std::to_string(g.values.size());
  g.input("i" + tag, onnx::TensorProto::INT64, {});
  g.input("go" + tag, onnx::TensorProto::BOOL, {});
  auto& state = *g.graph().add_input();
  state.set_name("x" + tag);
  state.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  const std::string again = g.node("Identity", {"go" + tag});
  const std::string product = g.node("MatMul", {"x" + tag, g.weight({n, n}, 0.4)});
  const std::string next = g.node("Tanh", {product});
  auto body = g.end_body(again);
  body.add_output()->set_name(next);
  return Value{g.node("Loop", {count, go, x.name}, {attr("body", body)}), x.dims};
}

const Step kSteps[] = {
    {"channel shuffle", channel_shuffle},
    {"roll", roll},
    {"windows", windows},
    {"interleaved", interleaved},
    {"routed", routed, 3},
    {"mixture", mixture},
    {"with a vector", with_vector, 1},
    {"repeated block", repeated_block},
    {"loop", loop},
};

}  // namespace

std::span<const Step> mixing_steps() { return kSteps; }

}  // namespace permcrypt::testing
