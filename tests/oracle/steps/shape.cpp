// Steps that only see axes otherwise: transposed, split, merged, repeated.
#include <algorithm>
#include <numeric>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

std::vector<int> own_axes(const Value& x) {
  std::vector<int> out(x.dims.size());
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::optional<Value> transpose(GraphWriter& g, const Value& x) {
  if (x.rank() < 2) return std::nullopt;
  Ints order(x.dims.size());
  std::iota(order.begin(), order.end(), 0);
  for (int k = x.rank() - 1; k > 0; --k) {
    std::swap(order[static_cast<std::size_t>(k)], order[static_cast<std::size_t>(g.pick(k + 1))]);
  }
  return g.transpose(x, order);
}

std::optional<Value> split_axis(GraphWriter& g, const Value& x) {
  std::vector<std::pair<int, std::int64_t>> ways;  // axis, first factor
  for (const int k : static_axes(x)) {
    const std::int64_t n = x.dims[static_cast<std::size_t>(k)].n;
    for (std::int64_t f = 2; f < n; ++f) {
      if (n % f == 0) ways.emplace_back(k, f);
    }
  }
  if (ways.empty() || x.rank() > 4) return std::nullopt;
  const auto [axis, factor] = g.one_of(ways);
  std::vector<Dim> dims = x.dims;
  std::vector<int> sources = own_axes(x);
  dims[static_cast<std::size_t>(axis)].n /= factor;
  dims.insert(dims.begin() + axis, {factor});
  sources.insert(sources.begin() + axis, axis);
  return g.reshape(x, dims, sources);
}

std::optional<Value> merge_axes(GraphWriter& g, const Value& x) {
  if (x.rank() < 2) return std::nullopt;
  const auto k = static_cast<std::size_t>(g.pick(x.rank() - 1));
  if (x.dims[k].dynamic && x.dims[k + 1].dynamic) return std::nullopt;
  std::vector<Dim> dims = x.dims;
  std::vector<int> sources = own_axes(x);
  if (x.dims[k + 1].dynamic) sources[k] = sources[k + 1];
  const char dynamic = x.dims[k].dynamic ? x.dims[k].dynamic : x.dims[k + 1].dynamic;
  dims[k] = {x.dims[k].n * x.dims[k + 1].n, dynamic};
  dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(k) + 1);
  sources.erase(sources.begin() + static_cast<std::ptrdiff_t>(k) + 1);
  return g.reshape(x, dims, sources);
}

// All static extents in one Reshape, whatever their boundaries.
std::optional<Value> regroup(GraphWriter& g, const Value& x) {
  if (!x.is_static() || x.elements() < 4) return std::nullopt;
  Ints shape;
  std::int64_t rest = x.elements();
  while (rest > 1 && shape.size() < 3) {
    std::vector<std::int64_t> divisors;
    for (std::int64_t f = 2; f <= rest; ++f) {
      if (rest % f == 0) divisors.push_back(f);
    }
    shape.push_back(g.one_of(divisors));
    rest /= shape.back();
  }
  if (rest > 1) shape.push_back(rest);
  return g.reshape(x, shape);
}

std::optional<Value> flatten(GraphWriter& g, const Value& x) {
  if (x.rank() < 2) return std::nullopt;
  const int axis = 1 + g.pick(x.rank() - 1);
  Dim left{1}, right{1};
  int dynamic = 0;
  for (int k = 0; k < x.rank(); ++k) {
    Dim& side = k < axis ? left : right;
    const Dim& dim = x.dims[static_cast<std::size_t>(k)];
    side = {side.n * dim.n, side.dynamic ? side.dynamic : dim.dynamic};
    dynamic += dim.dynamic != 0;
  }
  if (dynamic > 1) return std::nullopt;
  return Value{g.node("Flatten", {x.name}, {attr("axis", axis)}), {left, right}};
}

std::optional<Value> unsqueeze(GraphWriter& g, const Value& x) {
  if (x.rank() > 3) return std::nullopt;
  const int axis = g.pick(x.rank() + 1);
  Value y{g.node("Unsqueeze", {x.name, g.ints({axis})}), x.dims};
  y.dims.insert(y.dims.begin() + axis, {1});
  return y;
}

std::optional<Value> squeeze(GraphWriter& g, const Value& x) {
  for (int k = 0; k < x.rank(); ++k) {
    if (!(x.dims[static_cast<std::size_t>(k)] == Dim{1})) continue;
    Value y{g.node("Squeeze", {x.name, g.ints({k - x.rank()})}), x.dims};
    y.dims.erase(y.dims.begin() + k);
    return y;
  }
  return std::nullopt;
}

// Each index of an axis several times in a row, as key and value heads are repeated.
std::optional<Value> repeat(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty() || !x.is_static() || x.rank() > 4 || x.elements() > 500) return std::nullopt;
  const int axis = g.one_of(axes);
  const std::int64_t times = g.one_of<std::int64_t>({2, 3});
  Ints shape, merged;
  for (int k = 0; k < x.rank(); ++k) {
    const std::int64_t n = x.dims[static_cast<std::size_t>(k)].n;
    shape.push_back(n);
    if (k == axis) shape.push_back(times);
    merged.push_back(k == axis ? n * times : n);
  }
  const std::string apart = g.node("Unsqueeze", {x.name, g.ints({axis + 1})});
  const std::string repeated = g.node("Expand", {apart, g.ints(shape)});
  Value y{g.node("Reshape", {repeated, g.ints(merged)}), x.dims};
  y.dims[static_cast<std::size_t>(axis)].n *= times;
  return y;
}

std::optional<Value> tile(GraphWriter& g, const Value& x) {
  const auto axes = static_axes(x);
  if (axes.empty() || x.elements() > 500) return std::nullopt;
  Ints times(x.dims.size(), 1);
  const auto axis = static_cast<std::size_t>(g.one_of(axes));
  times[axis] = 2;
  Value y{g.node("Tile", {x.name, g.ints(times)}), x.dims};
  y.dims[axis].n *= 2;
  return y;
}

const Step kSteps[] = {
    {"transpose", transpose, 4},
    {"split axis", split_axis, 3},
    {"merge axes", merge_axes, 3},
    {"regroup", regroup},
    {"flatten", flatten, 1},
    {"unsqueeze", unsqueeze, 1},
    {"squeeze", squeeze, 1},
    {"repeat", repeat},
    {"tile", tile, 1},
};

}  // namespace

std::span<const Step> shape_steps() { return kSteps; }

}  // namespace permcrypt::testing
