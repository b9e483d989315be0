#include "lock/open_up.h"

#include "lock/flow.h"
#include "lock/guards.h"
#include "lock/settle.h"

namespace permcrypt {
namespace {

// What there is to add to the interface, the least first.
Result<std::vector<std::vector<LockSite>>> additions(const Graph& graph,
                                                     const std::vector<LockSite>& interface,
                                                     const InferOptions& options) {
  auto all = insert_and_infer(graph, interface, options);
  if (!all) return tl::unexpected(all.error());
  std::vector<std::vector<LockSite>> out;
  const Flow flow(all->graph);
  for (const GuardEnds ends : {GuardEnds::kNo, GuardEnds::kYes}) {
    auto guards = find_guards(all->graph, all->inference, flow, graph.values.size(), ends);
    if (!guards.empty() && (out.empty() || guards.size() > out.back().size())) {
      out.push_back(std::move(guards));
    }
  }
  return out;
}

}  // namespace

Result<LockedGraph> open_up(const Graph& graph, std::vector<LockSite> interface,
                            const InferOptions& options) {
  auto open = settle(graph, interface, options);
  if (!open) return open;
  double share = share_moving(graph, open->inference);
  if (share > 1 - kWorthwhile) return open;
  const auto more = additions(graph, interface, options);
  if (!more) return tl::unexpected(more.error());
  for (std::vector<LockSite> locks : *more) {
    if (share > 1 - kWorthwhile) break;
    locks.insert(locks.begin(), interface.begin(), interface.end());
    auto guarded = settle(graph, std::move(locks), options);
    if (!guarded) continue;  // fewer locks are no mistake
    const double moving = share_moving(graph, guarded->inference);
    if (moving < share + kWorthwhile) continue;
    share = moving;
    open = std::move(guarded);
  }
  return open;
}

}  // namespace permcrypt
