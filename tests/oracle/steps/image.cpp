// Steps of picture networks, and their like along one axis.
#include <cmath>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

// [batch, channels, spatial ...] with static channels and spatial extents.
bool is_image(const Value& x) {
  if (x.rank() != 3 && x.rank() != 4) return false;
  for (std::size_t k = 1; k < x.dims.size(); ++k) {
    if (x.dims[k].dynamic) return false;
  }
  return true;
}

Ints spatial(const Value& x, std::int64_t value) { return Ints(x.dims.size() - 2, value); }

// A divisor of the channels.
std::int64_t choose_groups(GraphWriter& g, std::int64_t channels) {
  std::vector<std::int64_t> choices{1, 1, channels};
  if (channels % 2 == 0) choices.push_back(2);
  if (channels % 3 == 0) choices.push_back(3);
  return g.one_of(choices);
}

std::optional<Value> conv(GraphWriter& g, const Value& x) {
  if (!is_image(x)) return std::nullopt;
  const std::int64_t in = x.dims[1].n, groups = choose_groups(g, in);
  const std::int64_t out = groups * (1 + g.pick(3)), kernel = g.chance(50) ? 1 : 3;
  Ints shape{out, in / groups};
  for (std::size_t k = 2; k < x.dims.size(); ++k) shape.push_back(kernel);
  Ints pads(2 * (x.dims.size() - 2), kernel / 2);
  const double scale = 1 / std::sqrt(static_cast<double>(in / groups * kernel));
  Value y{g.node("Conv", {x.name, g.weight(shape, scale), g.chance(60) ? g.weight({out}) : ""},
                 {attr("group", groups), attr("pads", pads)}),
          x.dims};
  y.dims[1] = {out};
  return y;
}

std::optional<Value> conv_transpose(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.elements() > 300) return std::nullopt;
  const std::int64_t in = x.dims[1].n, groups = choose_groups(g, in), out = 1 + g.pick(3);
  Ints shape{in, out};
  for (std::size_t k = 2; k < x.dims.size(); ++k) shape.push_back(2);
  Value y{g.node("ConvTranspose",
                 {x.name, g.weight(shape, 0.5), g.chance(60) ? g.weight({out * groups}) : ""},
                 {attr("group", groups), attr("strides", spatial(x, 2))}),
          x.dims};
  y.dims[1] = {out * groups};
  for (std::size_t k = 2; k < y.dims.size(); ++k) y.dims[k].n *= 2;
  return y;
}

std::optional<Value> pool(GraphWriter& g, const Value& x) {
  if (!is_image(x)) return std::nullopt;
  for (std::size_t k = 2; k < x.dims.size(); ++k) {
    if (x.dims[k].n < 2) return std::nullopt;
  }
  const std::string op = g.one_of<std::string>({"MaxPool", "AveragePool", "LpPool"});
  Value y{
      g.node(op, {x.name}, {attr("kernel_shape", spatial(x, 2)), attr("strides", spatial(x, 2))}),
      x.dims};
  for (std::size_t k = 2; k < y.dims.size(); ++k) y.dims[k].n /= 2;
  return y;
}

std::optional<Value> global_pool(GraphWriter& g, const Value& x) {
  if (!is_image(x)) return std::nullopt;
  const std::string op = g.one_of<std::string>({"GlobalAveragePool", "GlobalMaxPool"});
  Value y = g.same(op, x);
  for (std::size_t k = 2; k < y.dims.size(); ++k) y.dims[k] = {1};
  return y;
}

std::optional<Value> enlarge(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.rank() != 4 || x.elements() > 300) return std::nullopt;
  const std::string mode = g.one_of<std::string>({"nearest", "linear"});
  Value y{g.node("Resize", {x.name, "", g.reals({4}, {1, 1, 2, 2})}, {attr("mode", mode)}), x.dims};
  y.dims[2].n *= 2;
  y.dims[3].n *= 2;
  return y;
}

std::optional<Value> depth_to_space(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.rank() != 4 || x.dims[1].n % 4 != 0) return std::nullopt;
  const std::string mode = g.one_of<std::string>({"DCR", "CRD"});
  Value y{g.node("DepthToSpace", {x.name}, {attr("blocksize", 2), attr("mode", mode)}), x.dims};
  y.dims[1].n /= 4;
  y.dims[2].n *= 2;
  y.dims[3].n *= 2;
  return y;
}

std::optional<Value> space_to_depth(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.rank() != 4 || x.dims[2].n % 2 != 0 || x.dims[3].n % 2 != 0) {
    return std::nullopt;
  }
  Value y{g.node("SpaceToDepth", {x.name}, {attr("blocksize", 2)}), x.dims};
  y.dims[1].n *= 4;
  y.dims[2].n /= 2;
  y.dims[3].n /= 2;
  return y;
}

// Squares of the picture as tokens: the stride is the kernel.
std::optional<Value> patches(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.rank() != 4 || x.dims[2].n % 2 != 0 || x.dims[3].n % 2 != 0) {
    return std::nullopt;
  }
  const std::int64_t width = g.one_of<std::int64_t>({6, 8});
  const Value cut{g.node("Conv", {x.name, g.weight({width, x.dims[1].n, 2, 2}, 0.4)},
                         {attr("strides", Ints{2, 2})}),
                  {x.dims[0], {width}, {x.dims[2].n / 2}, {x.dims[3].n / 2}}};
  const std::vector<Dim> dims{x.dims[0], {width}, {cut.dims[2].n * cut.dims[3].n}};
  return g.transpose(g.reshape(cut, dims, {0, -1, -1}), {0, 2, 1});
}

// Channels weighted by what is in the picture.
std::optional<Value> squeeze_excite(GraphWriter& g, const Value& x) {
  if (!is_image(x) || x.rank() != 4) return std::nullopt;
  const std::int64_t n = x.dims[1].n;
  const std::string mean = g.node("GlobalAveragePool", {x.name});
  const std::string down = g.node("Conv", {mean, g.weight({3, n, 1, 1})});
  const std::string up = g.node("Conv", {g.node("Relu", {down}), g.weight({n, 3, 1, 1})});
  return Value{g.node("Mul", {x.name, g.node("Sigmoid", {up})}), x.dims};
}

const Step kSteps[] = {
    {"conv", conv, 8},
    {"transposed conv", conv_transpose},
    {"pool", pool},
    {"global pool", global_pool, 1},
    {"enlarge", enlarge, 1},
    {"depth to space", depth_to_space},
    {"space to depth", space_to_depth},
    {"patches", patches},
    {"squeeze and excite", squeeze_excite},
};

}  // namespace

std::span<const Step> image_steps() { return kSteps; }

}  // namespace permcrypt::testing
