#include "lock/chosen_ids.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "lock/guards.h"
#include "lock/settle.h"

namespace permcrypt {
namespace {

// Operators that leave ids what they are. What Concat joins may be of several kinds: all are seen.
bool passes_ids(std::string_view op) {
  static const std::set<std::string_view> ops = {"Identity",  "Cast",    "Reshape", "Squeeze",
                                                 "Unsqueeze", "Flatten", "Slice",   "Gather",
                                                 "Transpose", "Expand",  "Concat"};
  return ops.contains(op);
}

bool are_chosen(const Graph& graph, ValueId ids) {
  std::vector<ValueId> open{ids};
  std::set<ValueId> seen;
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    if (value == kNone || !seen.insert(value).second) continue;
    const NodeId producer = graph.values[value].producer;
    if (producer == kNone || !graph.nodes[producer].domain.empty()) continue;
    const GraphNode& node = graph.nodes[producer];
    if (node.op == "ArgMax" || node.op == "ArgMin" || node.op == "TopK") return true;
    if (!passes_ids(node.op) || node.inputs.empty()) continue;
    const std::size_t sources = node.op == "Concat" ? node.inputs.size() : 1;
    open.insert(open.end(), node.inputs.begin(),
                node.inputs.begin() + static_cast<std::ptrdiff_t>(sources));
  }
  return false;
}

}  // namespace

Result<LockedGraph> settle_sparing(const Graph& graph, std::vector<LockSite>& locks,
                                   const InferOptions& options) {
  auto all = settle(graph, locks, options);
  std::vector<LockSite> fewer = locks;
  std::erase_if(fewer, [&](const LockSite& lock) {
    return lock.kind == LockKind::kIndex && lock.node != kNone && are_chosen(graph, lock.value);
  });
  if (!all || fewer.size() == locks.size()) return all;
  auto spared = settle(graph, fewer, options);
  if (!spared ||
      share_moving(graph, spared->inference) <= share_moving(graph, all->inference)) {
    return all;
  }
  locks = std::move(fewer);
  return spared;
}

}  // namespace permcrypt
