#include "plan/axis_mapping.h"

#include <span>
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

namespace {

class AxisMapper {
 public:
  AxisMapper(AxisStore& axes, const std::map<ExprId, std::uint32_t>& group_of,
             const Parents& parents)
      : axes_(axes), group_of_(group_of), parents_(parents) {}

  // Parts that lie behind `parent`, unless it is kNone.
  AxisMap map(ExprId axis, ExprId parent) {
    axis = axes_.resolve(axis);
    if (axes_.kind(axis) == AxisStore::Kind::kFactor) return factor(axis, parent);
    const std::vector<ExprId> parts = resolved_parts(axes_, axis);
    if (axes_.kind(axis) == AxisStore::Kind::kProduct) return product(parts, parent);
    AxisMap whole = fixed_map(static_cast<std::uint64_t>(axes_.size(axis)));
    whole.kind = AxisMap::Kind::kSum;
    for (const ExprId part : parts) append_part(whole, map(part, parent));
    return simplest(std::move(whole));
  }

  bool fits() const { return fits_; }

 private:
  AxisMap factor(ExprId factor, ExprId parent) {
    AxisMap map = fixed_map(static_cast<std::uint64_t>(axes_.size(factor)));
    const auto fibred = parents_.find(factor);
    if (fibred != parents_.end() && fibred->second != parent) fits_ = false;
    if (const auto it = group_of_.find(factor); it != group_of_.end()) {
      map.kind = AxisMap::Kind::kGroup;
      map.group = it->second;
    }
    return map;
  }

  AxisMap product(std::span<const ExprId> parts, ExprId parent) {
    AxisMap whole = fixed_map(1);
    whole.kind = AxisMap::Kind::kProduct;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto behind = parts.subspan(i + 1);
      const bool leads = has_fibres_over(behind, parts[i]);
      AxisMap part = map(parts[i], parent);
      if (leads) {
        if (parent != kNone) fits_ = false;
        AxisMap minor = product(behind, parts[i]);
        AxisMap pair = fixed_map(part.extent * minor.extent);
        pair.kind = AxisMap::Kind::kFibred;
        pair.parts = {std::move(part), std::move(minor)};
        part = std::move(pair);
      }
      whole.extent *= part.extent;
      append_part(whole, std::move(part));
      if (leads) break;
    }
    return simplest(std::move(whole));
  }

  bool has_fibres_over(std::span<const ExprId> parts, ExprId parent) {
    for (const ExprId part : parts) {
      for (const ExprId factor : axes_.factors(part)) {
        const auto fibred = parents_.find(factor);
        if (fibred != parents_.end() && fibred->second == parent) return true;
      }
    }
    return false;
  }

  static AxisMap simplest(AxisMap map) {
    if (map.parts.empty()) return fixed_map(map.extent);
    if (map.parts.size() == 1) return AxisMap(std::move(map.parts.front()));
    return map;
  }

  AxisStore& axes_;
  const std::map<ExprId, std::uint32_t>& group_of_;
  const Parents& parents_;
  bool fits_ = true;
};

}  // namespace

AxisMap map_axis(AxisStore& axes, ExprId axis, const std::map<ExprId, std::uint32_t>& group_of,
                 const Parents& parents) {
  return AxisMapper(axes, group_of, parents).map(axis, kNone);
}

bool fibres_fit(AxisStore& axes, ExprId axis, const Parents& parents) {
  const std::map<ExprId, std::uint32_t> none;
  AxisMapper mapper(axes, none, parents);
  mapper.map(axis, kNone);
  return mapper.fits();
}

}  // namespace permcrypt
