// Attention blocks as exporters write them: heads apart or fused, shared among queries, masked.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

// [batch, time, heads * width] -> [batch, heads, time, width]
Value to_heads(GraphWriter& g, const Value& x, std::int64_t heads) {
  const std::vector<Dim> dims{x.dims[0], x.dims[1], {heads}, {x.dims[2].n / heads}};
  return g.transpose(g.reshape(x, dims, {0, 1, -1, -1}), {0, 2, 1, 3});
}

// The other way round.
Value from_heads(GraphWriter& g, const Value& x) {
  const Value t = g.transpose(x, {0, 2, 1, 3});
  return g.reshape(t, {t.dims[0], t.dims[1], {t.dims[2].n * t.dims[3].n}}, {0, 1, -1});
}

Value sliced(GraphWriter& g, const Value& x, std::int64_t begin, std::int64_t end) {
  Value out{g.node("Slice", {x.name, g.ints({begin}), g.ints({end}), g.ints({-1})}), x.dims};
  out.dims.back() = {end - begin};
  return out;
}

struct Projections {
  Value q, k, v;
};

Projections apart(GraphWriter& g, const Value& x, std::int64_t q, std::int64_t kv) {
  return {project(g, x, q), project(g, x, kv), project(g, x, kv)};
}

Projections fused(GraphWriter& g, const Value& x, std::int64_t q, std::int64_t kv) {
  Value all = project(g, x, q + 2 * kv);
  all.name = g.node("Add", {all.name, g.weight({q + 2 * kv})});
  return {sliced(g, all, 0, q), sliced(g, all, q, q + kv), sliced(g, all, q + kv, q + 2 * kv)};
}

// Each key and value head as often as queries share it.
Value repeated(GraphWriter& g, const Value& x, std::int64_t times) {
  if (times == 1) return x;
  const std::string apart = g.node("Unsqueeze", {x.name, g.ints({2})});
  std::string shape = g.ints({x.dims[0].n, x.dims[1].n, times, x.dims[2].n, x.dims[3].n});
  if (!x.is_static()) shape = g.ints({1, 1, times, 1, 1});
  const Value more{g.node("Expand", {apart, shape}),
                   {x.dims[0], x.dims[1], {times}, x.dims[2], x.dims[3]}};
  return g.reshape(more, {x.dims[0], {x.dims[1].n * times}, x.dims[2], x.dims[3]},
                   {0, -1, x.dims[2].dynamic ? 3 : -1, -1});
}

// Later positions hidden.
std::string masked(GraphWriter& g, const std::string& scores, std::int64_t time) {
  std::vector<float> mask;
  for (std::int64_t i = 0; i < time * time; ++i) mask.push_back(i % time > i / time ? -1e4F : 0);
  return g.node("Add", {scores, g.reals({time, time}, mask)});
}

Value attend(GraphWriter& g, const Projections& p) {
  const Value kt = g.transpose(p.k, {0, 1, 3, 2});
  const double scale = 1 / std::sqrt(static_cast<double>(p.q.dims[3].n));
  std::string scores = g.node("MatMul", {p.q.name, kt.name});
  scores = g.node("Mul", {scores, g.scalar(static_cast<float>(scale))});
  if (!p.q.dims[2].dynamic && g.chance(50)) scores = masked(g, scores, p.q.dims[2].n);
  const std::string weights = g.node("Softmax", {scores}, {attr("axis", -1)});
  return {g.node("MatMul", {weights, p.v.name}), p.q.dims};
}

std::optional<Value> attention(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || x.dims[2].dynamic) return std::nullopt;
  const std::int64_t groups = 1 + g.pick(3), shared = 1 + g.pick(2), width = 2 + 2 * g.pick(2);
  const std::int64_t heads = groups * shared;
  Projections p = g.chance(50) ? apart(g, x, heads * width, groups * width)
                               : fused(g, x, heads * width, groups * width);
  p.q = to_heads(g, p.q, heads);
  p.k = repeated(g, to_heads(g, p.k, groups), shared);
  p.v = repeated(g, to_heads(g, p.v, groups), shared);
  Value y = project(g, from_heads(g, attend(g, p)), x.dims[2].n);
  if (g.chance(70)) y.name = g.node("Add", {x.name, y.name});
  return y;
}

// [3, batch, heads, time, width] by one Reshape and one Transpose, then taken apart.
std::optional<Value> stacked_attention(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || x.dims[2].dynamic || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t heads = 1 + g.pick(3), width = 4;
  const Value all = project(g, x, 3 * heads * width);
  const Value five =
      g.reshape(all, {x.dims[0], x.dims[1], {3}, {heads}, {width}}, {0, 1, -1, -1, -1});
  const Value stacked = g.transpose(five, {2, 0, 3, 1, 4});
  const auto take = [&](std::int64_t i) {
    return Value{g.node("Gather", {stacked.name, g.ints({}, {i})}, {attr("axis", 0)}),
                 {stacked.dims.begin() + 1, stacked.dims.end()}};
  };
  const Value q = take(0), k = take(1), v = take(2);
  return project(g, from_heads(g, attend(g, {q, k, v})), x.dims[2].n);
}

// A token in front that stands for the whole, and positions added.
std::optional<Value> class_token(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || x.dims[2].dynamic || x.dims[1].dynamic) return std::nullopt;
  const std::int64_t n = x.dims[2].n, time = x.dims[1].n + 1;
  std::string token = g.weight({1, 1, n});
  if (!(x.dims[0] == Dim{1})) {
    const std::string batch =
        g.node("Gather", {g.node("Shape", {x.name}), g.ints({0})}, {attr("axis", 0)});
    token = g.node("Expand", {token, g.node("Concat", {batch, g.ints({1, n})}, {attr("axis", 0)})});
  }
  const std::string joined = g.node("Concat", {token, x.name}, {attr("axis", 1)});
  return Value{g.node("Add", {joined, g.weight({1, time, n})}), {x.dims[0], {time}, {n}}};
}

const Step kSteps[] = {
    {"attention", attention, 8},
    {"stacked attention", stacked_attention, 3},
    {"class token", class_token},
};

}  // namespace

std::span<const Step> attention_steps() { return kSteps; }

}  // namespace permcrypt::testing
