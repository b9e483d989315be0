#include <utility>

#include "permcrypt/client_map.h"

namespace permcrypt {
namespace {

// Along an axis, data goes into the model's order on its way in and out of it on its way out; an id
// is itself a coordinate, and goes the other way.
ClientMap map_of(const PlanLock& lock, const std::vector<Permutation>& groups) {
  ClientMap map{lock.carrier, lock.value, lock.kind == LockKind::kIndex, lock.axis, lock.joint, {}};
  const bool leaves = lock.carrier == Carrier::kOutput;
  for (const AxisMap& part : index_parts(lock)) {
    Permutation order = axis_permutation(part, groups);
    map.index.push_back(leaves != map.ids ? order.inverse() : std::move(order));
  }
  return map;
}

}  // namespace

std::vector<AxisMap> index_parts(const PlanLock& map) {
  const AxisMap& inside = map.carrier == Carrier::kOutput ? map.upstream : map.downstream;
  const bool by_factors = !map.joint.empty() && inside.kind == AxisMap::Kind::kProduct;
  return by_factors ? inside.parts : std::vector<AxisMap>{inside};
}

std::vector<ClientMap> client_maps(const Plan& plan, const std::vector<Permutation>& groups) {
  std::vector<ClientMap> maps;
  for (const PlanLock& lock : plan.locks) {
    if (lock.carrier != Carrier::kKey) maps.push_back(map_of(lock, groups));
  }
  return maps;
}

}  // namespace permcrypt
