#include "plan/axis_mapping.h"

#include <utility>
#include <vector>

namespace permcrypt {
namespace {

using Places = std::map<ExprId, FactorPlace>;

// A copy: the store moves its parts when it grows, and resolving may grow it.
std::vector<ExprId> resolved_parts(AxisStore& axes, ExprId composite) {
  const auto parts = axes.parts(composite);
  std::vector<ExprId> out(parts.begin(), parts.end());
  for (ExprId& part : out) part = axes.resolve(part);
  return out;
}

// The nesting of an expression is bounded: see AxisStore::normalise.
void collect_places(AxisStore& axes, ExprId axis, FactorPlace at, Places& places) {
  axis = axes.resolve(axis);
  if (axes.size(axis) == 0) return;
  switch (axes.kind(axis)) {
    case AxisStore::Kind::kFactor: {
      if (!axes.is_free(axis)) return;
      const auto [it, is_new] = places.try_emplace(axis, at);
      if (!is_new && at < it->second) it->second = at;
      return;
    }
    case AxisStore::Kind::kProduct: {
      std::uint64_t stride = at.stride * static_cast<std::uint64_t>(axes.size(axis));
      for (const ExprId part : resolved_parts(axes, axis)) {
        stride /= static_cast<std::uint64_t>(axes.size(part));
        collect_places(axes, part, {at.offset, stride}, places);
      }
      return;
    }
    case AxisStore::Kind::kSum:
      for (const ExprId part : resolved_parts(axes, axis)) {
        collect_places(axes, part, at, places);
        at.offset += at.stride * static_cast<std::uint64_t>(axes.size(part));
      }
      return;
  }
}

AxisMap fixed_map(std::uint64_t extent) {
  AxisMap map;
  map.extent = extent;
  return map;
}

// Parts that stay side by side are one part that stays.
void append_part(AxisMap& composite, AxisMap part) {
  const bool is_product = composite.kind == AxisMap::Kind::kProduct;
  if (part.kind == AxisMap::Kind::kFixed && part.extent == (is_product ? 1u : 0u)) return;
  auto& parts = composite.parts;
  if (part.kind == AxisMap::Kind::kFixed && !parts.empty() &&
      parts.back().kind == AxisMap::Kind::kFixed) {
    parts.back().extent =
        is_product ? parts.back().extent * part.extent : parts.back().extent + part.extent;
    return;
  }
  parts.push_back(std::move(part));
}

}  // namespace

Places free_factor_places(AxisStore& axes, ExprId axis) {
  Places places;
  collect_places(axes, axis, {}, places);
  return places;
}

AxisMap map_axis(AxisStore& axes, ExprId axis, const std::map<ExprId, std::uint32_t>& group_of) {
  axis = axes.resolve(axis);
  AxisMap map = fixed_map(static_cast<std::uint64_t>(axes.size(axis)));
  if (axes.kind(axis) == AxisStore::Kind::kFactor) {
    if (const auto it = group_of.find(axis); it != group_of.end()) {
      map.kind = AxisMap::Kind::kGroup;
      map.group = it->second;
    }
    return map;
  }
  map.kind =
      axes.kind(axis) == AxisStore::Kind::kProduct ? AxisMap::Kind::kProduct : AxisMap::Kind::kSum;
  for (const ExprId part : resolved_parts(axes, axis)) {
    append_part(map, map_axis(axes, part, group_of));
  }
  if (map.parts.empty()) return fixed_map(map.extent);
  if (map.parts.size() == 1) return std::move(map.parts.front());
  return map;
}

}  // namespace permcrypt
