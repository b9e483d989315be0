#include "lock/key_order.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "lock/flow.h"

namespace permcrypt {
namespace {

std::size_t place_in(const std::vector<ValueId>& list, ValueId v) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), v) - list.begin());
}

// Where the value is computed; of a constant, where it is read first.
std::size_t place_of(const Graph& graph, const Flow& flow, ValueId v) {
  if (const NodeId by = graph.values[v].producer; by != kNone) return flow.position(by);
  std::size_t first = std::numeric_limits<std::size_t>::max();
  for (const NodeId n : flow.readers(v)) first = std::min<std::size_t>(first, flow.position(n));
  return first;
}

}  // namespace

void sort_in_key_order(const Graph& graph, std::vector<LockSite>& locks) {
  const Flow flow(graph);
  const auto key = [&](const LockSite& l) -> std::tuple<int, std::size_t, int, std::uint32_t> {
    const GraphBody& main = graph.bodies[0];
    if (l.carrier == Carrier::kInput) return {0, place_in(main.inputs, l.value), 0, l.axis};
    if (l.carrier == Carrier::kOutput) return {2, place_in(main.outputs, l.value), 0, l.axis};
    switch (l.kind) {
      case LockKind::kInput:
        return {0, place_in(main.inputs, l.value), 0, l.axis};
      case LockKind::kOutput:
        return {2, place_in(main.outputs, l.value), 0, l.axis};
      case LockKind::kIndex:
        return {1, flow.position(l.node), 0, l.slot};
      default:
        return {1, place_of(graph, flow, l.value), 1, l.axis};
    }
  };
  std::stable_sort(locks.begin(), locks.end(),
                   [&](const LockSite& x, const LockSite& y) { return key(x) < key(y); });
}

}  // namespace permcrypt
