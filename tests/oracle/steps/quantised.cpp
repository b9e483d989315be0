// Steps in eight bits.
#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

using T = onnx::TensorProto;

bool has_last(const Value& x) { return x.rank() >= 2 && !x.dims.back().dynamic; }

std::string int8_weight(GraphWriter& g, const Ints& shape) {
  std::string raw;
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  for (std::int64_t i = 0; i < n; ++i) raw += static_cast<char>(g.pick(201) - 100);
  return g.bytes(shape, T::INT8, raw);
}

std::string zero(GraphWriter& g, std::int32_t type, char value) {
  return g.bytes({}, type, std::string(1, value));
}

// There and back; the axis of per-channel scales is that of the value.
std::optional<Value> round_trip(GraphWriter& g, const Value& x) {
  const std::string scale = g.scalar(0.05F), offset = zero(g, T::UINT8, 113);
  const std::string q = g.node("QuantizeLinear", {x.name, scale, offset});
  return Value{g.node("DequantizeLinear", {q, scale, offset}), x.dims};
}

std::optional<Value> per_channel_weight(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t n = x.dims.back().n, m = g.one_of<std::int64_t>({4, 6, 8});
  const int axis = g.pick(2);
  std::vector<float> scales;
  for (std::int64_t i = 0; i < (axis == 0 ? n : m); ++i) {
    scales.push_back(static_cast<float>(0.004 + 0.01 * g.uniform()));
  }
  const Ints shape{static_cast<std::int64_t>(scales.size())};
  const std::string w = g.node(
      "DequantizeLinear",
      {int8_weight(g, {n, m}), g.reals(shape, scales), g.chance(50) ? int8_weight(g, shape) : ""},
      {attr("axis", axis)});
  Value y{g.node("MatMul", {x.name, w}), x.dims};
  y.dims.back() = {m};
  return y;
}

std::optional<Value> dynamic_product(GraphWriter& g, const Value& x) {
  if (!has_last(x)) return std::nullopt;
  const std::int64_t n = x.dims.back().n, m = g.one_of<std::int64_t>({4, 6, 8});
  const auto q = g.nodes("DynamicQuantizeLinear", {x.name}, 3);
  const std::string sum =
      g.node("MatMulInteger", {q[0], int8_weight(g, {n, m}), q[2], zero(g, T::INT8, 0)});
  const std::string real = g.node("Cast", {sum}, {attr("to", int{T::FLOAT})});
  const std::string scale =
      g.node("Mul", {q[1], g.chance(50) ? g.scalar(0.01F) : g.weight({m}, 0.01)});
  Value y{g.node("Mul", {real, scale}), x.dims};
  y.dims.back() = {m};
  return y;
}

const Step kSteps[] = {
    {"there and back", round_trip, 1},
    {"per-channel weight", per_channel_weight, 3},
    {"dynamic product", dynamic_product, 2},
};

}  // namespace

std::span<const Step> quantised_steps() { return kSteps; }

}  // namespace permcrypt::testing
