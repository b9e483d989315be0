// Steps that cut axes into parts and join them.
#include <algorithm>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

struct Cut {
  int axis = 0;
  std::int64_t n = 0, at = 0;
};

// A static axis and a place inside it.
std::optional<Cut> choose_cut(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty()) return std::nullopt;
  Cut cut;
  cut.axis = g.one_of(axes);
  cut.n = x.dims[static_cast<std::size_t>(cut.axis)].n;
  cut.at = 1 + g.pick(static_cast<int>(cut.n - 1));
  return cut;
}

Value with_extent(Value x, int axis, std::int64_t n) {
  x.dims[static_cast<std::size_t>(axis)] = {n};
  return x;
}

// Both parts, one of them changed, joined in either order, or one part alone.
std::optional<Value> split(GraphWriter& g, const Value& x) {
  const auto cut = choose_cut(g, x);
  if (!cut) return std::nullopt;
  const auto parts =
      g.nodes("Split", {x.name, g.ints({cut->at, cut->n - cut->at})}, 2, {attr("axis", cut->axis)});
  const Value first = with_extent({parts[0], x.dims}, cut->axis, cut->at);
  const Value second = with_extent({parts[1], x.dims}, cut->axis, cut->n - cut->at);
  if (g.chance(30)) return g.chance(50) ? first : second;
  const std::string changed = g.node("Neg", {second.name});
  const bool swap = g.chance(60);
  return Value{g.node("Concat", {swap ? changed : first.name, swap ? first.name : changed},
                      {attr("axis", cut->axis - x.rank())}),
               x.dims};
}

std::optional<Value> even_split(GraphWriter& g, const Value& x) {
  for (const int axis : static_axes(x)) {
    const std::int64_t n = x.dims[static_cast<std::size_t>(axis)].n;
    if (n % 2 != 0) continue;
    const auto parts = g.nodes("Split", {x.name, g.ints({n / 2, n / 2})}, 2, {attr("axis", axis)});
    const std::string op = g.one_of<std::string>({"Mul", "Add", "Max"});
    return with_extent({g.node(op, parts), x.dims}, axis, n / 2);
  }
  return std::nullopt;
}

// x * cos + (second half negated, first half) * sin, as rotary embeddings do.
std::optional<Value> rotate_half(GraphWriter& g, const Value& x) {
  if (x.rank() < 1 || x.dims.back().dynamic || x.dims.back().n % 2 != 0) return std::nullopt;
  const std::int64_t n = x.dims.back().n;
  const auto half = [&](std::int64_t begin, std::int64_t end) {
    return g.node("Slice", {x.name, g.ints({begin}), g.ints({end}), g.ints({-1})});
  };
  const std::string second = g.node("Neg", {half(n / 2, INT64_MAX)});
  const std::string turned = g.node("Concat", {second, half(0, n / 2)}, {attr("axis", -1)});
  std::string cos = g.weight({n / 2}), sin = g.weight({n / 2});
  cos = g.node("Concat", {cos, cos}, {attr("axis", 0)});
  sin = g.node("Concat", {sin, sin}, {attr("axis", 0)});
  return Value{g.node("Add", {g.node("Mul", {x.name, cos}), g.node("Mul", {turned, sin})}), x.dims};
}

std::optional<Value> slice(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty()) return std::nullopt;
  const int axis = g.one_of(axes);
  const std::int64_t n = x.dims[static_cast<std::size_t>(axis)].n;
  std::int64_t begin = g.pick(static_cast<int>(n)), end = 1 + g.pick(static_cast<int>(n));
  if (begin >= end) std::tie(begin, end) = std::pair(end - 1, begin + 1);
  std::int64_t step = g.one_of<std::int64_t>({1, 1, 1, 2, 3, -1, -2});
  const std::int64_t extent = (end - begin + std::abs(step) - 1) / std::abs(step);
  if (step < 0) std::tie(begin, end) = std::pair(end - 1, begin - 1);
  if (step > 0 && g.chance(30)) begin -= n;
  if (end < 0) end = INT64_MIN;
  if (end == n && g.chance(50)) end = INT64_MAX;
  return with_extent(
      {g.node("Slice", {x.name, g.ints({begin}), g.ints({end}),
                        g.ints({axis - (g.chance(50) ? x.rank() : 0)}), g.ints({step})}),
       x.dims},
      axis, extent);
}

// Constant positions: any, a run of them, or a single one.
std::optional<Value> gather(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty()) return std::nullopt;
  const int axis = g.one_of(axes);
  const int n = static_cast<int>(x.dims[static_cast<std::size_t>(axis)].n);
  const auto dim = x.dims.begin() + axis;
  Value y{"", x.dims};
  if (g.chance(30)) {
    y.name = g.node("Gather", {x.name, g.ints({}, {g.pick(2 * n) - n})}, {attr("axis", axis)});
    y.dims.erase(y.dims.begin() + (dim - x.dims.begin()));
    return y;
  }
  Ints positions;
  const bool run = g.chance(40);
  const int count = 1 + g.pick(n), start = g.pick(n - count + 1);
  for (int i = 0; i < count; ++i) positions.push_back(run ? start + i : g.pick(2 * n) - n);
  const bool matrix = count % 2 == 0 && x.rank() < 4 && g.chance(40);
  const Ints shape = matrix ? Ints{count / 2, 2} : Ints{count};
  y.name = g.node("Gather", {x.name, g.ints(shape, positions)}, {attr("axis", axis)});
  y.dims[static_cast<std::size_t>(axis)] = {shape[0]};
  if (matrix) y.dims.insert(y.dims.begin() + axis + 1, {2});
  return y;
}

bool join(const Value& x, const Value& y, int axis) {
  if (x.rank() != y.rank()) return false;
  for (int k = 0; k < x.rank(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    if (k == axis ? y.dims[i].dynamic : !(x.dims[i] == y.dims[i])) return false;
  }
  return true;
}

std::optional<Value> concat(GraphWriter& g, const Value& x) {
  std::vector<int> axes;
  for (int k = 0; k < x.rank(); ++k) {
    if (!x.dims[static_cast<std::size_t>(k)].dynamic) axes.push_back(k);
  }
  if (axes.empty()) return std::nullopt;
  const int axis = g.one_of(axes);
  const auto k = static_cast<std::size_t>(axis);
  Value other;
  for (const Value& y : g.values) {
    if (join(x, y, axis) && g.chance(50)) other = y;
  }
  if (other.name.empty()) {
    if (!x.is_static()) return std::nullopt;
    Ints shape;
    for (const Dim& dim : x.dims) shape.push_back(dim.n);
    shape[k] = 1 + g.pick(3);
    other = with_extent({g.weight(shape), x.dims}, axis, shape[k]);
  }
  const std::int64_t n = x.dims[k].n + other.dims[k].n;
  if (x.elements() / x.dims[k].n * n > 2000) return std::nullopt;
  const bool first = g.chance(50);
  return with_extent({g.node("Concat", {first ? other.name : x.name, first ? x.name : other.name},
                             {attr("axis", axis)}),
                      x.dims},
                     axis, n);
}

std::optional<Value> pad(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty() || x.elements() > 1000) return std::nullopt;
  const auto axis = static_cast<std::size_t>(g.one_of(axes));
  Ints pads(2 * x.dims.size(), 0);
  pads[axis] = g.pick(2);
  pads[x.dims.size() + axis] = g.pick(2);
  const std::string mode = g.one_of<std::string>({"constant", "constant", "edge", "reflect"});
  Value y{g.node("Pad", {x.name, g.ints(pads)}, {attr("mode", mode)}), x.dims};
  y.dims[axis].n += pads[axis] + pads[x.dims.size() + axis];
  return y;
}

const Step kSteps[] = {
    {"split", split, 3}, {"even split", even_split}, {"rotate half", rotate_half},
    {"slice", slice, 3}, {"gather", gather, 3},      {"concat", concat, 4},
    {"pad", pad},
};

}  // namespace

std::span<const Step> part_steps() { return kSteps; }

}  // namespace permcrypt::testing
