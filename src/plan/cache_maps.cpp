#include "plan/cache_maps.h"

#include <algorithm>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

// Another axis of the cache that the fibres of this one depend on; kNone where they have none.
std::uint32_t leading_axis(AxisStore& axes, const std::vector<Axis>& cache, const Axis& axis,
                           const Parents& parents) {
  const std::vector<ExprId> factors = axes.factors(axis.expr);
  for (const ExprId factor : factors) {
    const auto fibred = parents.find(factor);
    if (fibred == parents.end()) continue;
    if (std::ranges::find(factors, fibred->second) != factors.end()) continue;
    for (std::uint32_t k = 0; k < cache.size(); ++k) {
      if (axes.resolve(cache[k].expr) == fibred->second) return k;
    }
  }
  return kNone;
}

}  // namespace

Result<std::vector<PlanCache>> plan_caches(LockedGraph& locked, const Groups& group_of,
                                           const Parents& parents) {
  AxisStore& axes = locked.inference.axes;
  std::vector<PlanCache> out;
  for (const CachePair& pair : locked.inference.caches) {
    const std::vector<Axis>& past = locked.inference.values[pair.past].axes;
    PlanCache& cache = out.emplace_back();
    cache.past = locked.graph.values[pair.past].name;
    cache.present = locked.graph.values[pair.present].name;
    for (const Axis& axis : past) {
      const std::uint32_t leading = leading_axis(axes, past, axis, parents);
      const ExprId whole =
          leading == kNone ? axis.expr : axes.product(std::vector{past[leading].expr, axis.expr});
      AxisMap map = map_axis(axes, whole, group_of, parents);
      if (axis.dynamic()) {
        if (map.moves()) {
          return fail(ErrorKind::kDefect,
                      "a dynamic axis of the cache " + in_quotes(cache.past) + " was left free");
        }
        map.extent = 0;
      }
      cache.axes.push_back(std::move(map));
      cache.leading.push_back(leading);
    }
    if (std::ranges::count(cache.leading, kNone) == std::ssize(past)) cache.leading.clear();
  }
  return out;
}

}  // namespace permcrypt
