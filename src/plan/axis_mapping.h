// From the axis algebra of inference to the axis maps of a plan.
#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "permcrypt/axis.h"
#include "permcrypt/plan.h"

namespace permcrypt {

// Where a factor lies on an axis: its index i stands at offset + stride * i + ...
struct FactorPlace {
  std::uint64_t offset = 0, stride = 1;
  auto operator<=>(const FactorPlace&) const = default;
};

// The free factors of an axis and the first place of each: smallest offset, then smallest stride.
std::map<ExprId, FactorPlace> free_factor_places(AxisStore& axes, ExprId axis);

// Factors that have a permutation for each index of another one, and that one.
using Parents = std::map<ExprId, ExprId>;

// The map of an axis. `group_of` names the group of a resolved free factor; a factor without one
// stays in place, as fixed ones do. Neighbouring parts that stay are merged. REQUIRES:
// fibres_fit(axes, axis, parents).
AxisMap map_axis(AxisStore& axes, ExprId axis, const std::map<ExprId, std::uint32_t>& group_of,
                 const Parents& parents = {});

// Whether the axis has an axis map: fibred factors only behind their parents, and not those of one
// parent behind those of another.
bool fibres_fit(AxisStore& axes, ExprId axis, const Parents& parents);

}  // namespace permcrypt
