// Steps in operators that optimisers fuse.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

bool has_last(const Value& x) {
  return x.rank() >= 2 && !x.dims.back().dynamic && x.dims.back().n > 1;
}

std::optional<Value> bias_gelu(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::string op = g.chance(50) ? "com.microsoft.BiasGelu" : "com.microsoft.FastGelu";
  return Value{g.node(op, {x.name, g.weight({x.dims.back().n})}), x.dims};
}

std::optional<Value> fused_product(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t n = x.dims.back().n, m = g.one_of<std::int64_t>({4, 6});
  const bool flip = g.chance(50);
  Value y{
      g.node("com.microsoft.FusedMatMul", {x.name, g.weight(flip ? Ints{m, n} : Ints{n, m}, 0.4)},
             {attr("transB", int{flip}), attr("alpha", 0.5)}),
      x.dims};
  y.dims.back() = {m};
  return y;
}

std::optional<Value> skip_norm(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || !has_last(x) || x.dims.back().n < 3) return std::nullopt;
  const std::int64_t n = x.dims.back().n;
  const Value y = project(g, x, n);
  if (g.chance(50)) {
    return Value{g.node("com.microsoft.SkipLayerNormalization",
                        {x.name, y.name, g.weight({n}), g.weight({n}), g.weight({n})},
                        {attr("epsilon", 0.01)}),
                 x.dims};
  }
  return Value{g.node("com.microsoft.SkipSimplifiedLayerNormalization",
                      {x.name, y.name, g.weight({n})}, {attr("epsilon", 0.01)}),
               x.dims};
}

std::optional<Value> fused_attention(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || !has_last(x)) return std::nullopt;
  const std::int64_t n = x.dims.back().n, heads = 1 + g.pick(3), width = heads * 4;
  Value y{g.node("com.microsoft.Attention",
                 {x.name, g.weight({n, 3 * width}, 1 / std::sqrt(static_cast<double>(n))),
                  g.weight({3 * width})},
                 {attr("num_heads", heads), attr("unidirectional", g.pick(2))}),
          x.dims};
  y.dims.back() = {width};
  return y;
}

std::optional<Value> multi_head(GraphWriter& g, const Value& x) {
  if (x.rank() != 3 || !has_last(x)) return std::nullopt;
  const std::int64_t heads = 1 + g.pick(3), width = heads * 4;
  const Value q = project(g, x, width), k = project(g, x, width), v = project(g, x, width);
  return Value{g.node("com.microsoft.MultiHeadAttention", {q.name, k.name, v.name},
                      {attr("num_heads", heads)}),
               q.dims};
}

// Weights of four bits, in blocks of 16.
std::optional<Value> four_bits(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t n = x.dims.back().n, m = g.one_of<std::int64_t>({4, 6}), block = 16;
  const std::int64_t blocks = (n + block - 1) / block;
  std::string raw;
  for (std::int64_t i = 0; i < m * blocks * block / 2; ++i) raw += static_cast<char>(g.pick(256));
  std::vector<float> scales;
  for (std::int64_t i = 0; i < m * blocks; ++i) {
    scales.push_back(static_cast<float>(0.03 + 0.05 * g.uniform()));
  }
  const std::string packed = g.bytes({m, blocks, block / 2}, onnx::TensorProto::UINT8, raw);
  Value y{g.node("com.microsoft.MatMulNBits", {x.name, packed, g.reals({m * blocks}, scales)},
                 {attr("K", n), attr("N", m), attr("bits", 4), attr("block_size", block)}),
          x.dims};
  y.dims.back() = {m};
  return y;
}

const Step kSteps[] = {
    {"bias gelu", bias_gelu},
    {"fused product", fused_product},
    {"skip and norm", skip_norm},
    {"fused attention", fused_attention},
    {"multi-head attention", multi_head},
    {"four bits", four_bits},
};

}  // namespace

std::span<const Step> fused_steps() { return kSteps; }

}  // namespace permcrypt::testing
