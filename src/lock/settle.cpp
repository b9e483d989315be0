#include "lock/settle.h"

#include <algorithm>
#include <utility>

#include "lock/insertion.h"
#include "lock/key_order.h"

namespace permcrypt {

std::vector<ExprId> sides(LockedGraph& locked, const LockSite& lock) {
  std::vector<ExprId> out;
  const auto& values = locked.inference.values;
  if (lock.kind == LockKind::kIndex) {
    const bool leaves = lock.carrier == Carrier::kOutput;
    const ExprId c = values[leaves ? lock.before : lock.behind].coordinates;
    if (c != kNone) out.push_back(c);
  } else if (values[lock.before].known && values[lock.behind].known) {
    const ExprId up = values[lock.before].axes[lock.axis].expr;
    const ExprId down = values[lock.behind].axes[lock.axis].expr;
    AxisStore& axes = locked.inference.axes;
    if (axes.show(up) != axes.show(down)) out = {up, down};
  }
  return out;
}

bool has_effect(LockedGraph& locked, const LockSite& lock) {
  const auto around = sides(locked, lock);
  return std::any_of(around.begin(), around.end(),
                     [&](ExprId side) { return locked.inference.axes.any_free(side); });
}

Result<LockedGraph> insert_and_infer(const Graph& graph, std::vector<LockSite> locks,
                                     const InferOptions& options) {
  LockedGraph out;
  out.graph = insert_locks(graph, locks);
  auto inference = infer(out.graph, options);
  if (!inference) return tl::unexpected(inference.error());
  out.inference = *std::move(inference);
  out.locks = std::move(locks);
  // In which table the ids of a client map select, only inference says.
  for (LockSite& lock : out.locks) {
    if (lock.kind != LockKind::kIndex || lock.carrier == Carrier::kKey) continue;
    const auto around = sides(out, lock);
    lock.size = around.empty() ? 0 : out.inference.axes.size(around[0]);
  }
  return out;
}

Result<LockedGraph> settle(const Graph& graph, std::vector<LockSite> locks,
                           const InferOptions& options) {
  sort_in_key_order(graph, locks);
  for (;;) {
    const std::size_t tried = locks.size();
    auto locked = insert_and_infer(graph, std::move(locks), options);
    if (!locked) return locked;
    std::vector<LockSite> kept;
    for (const LockSite& lock : locked->locks) {
      if (has_effect(*locked, lock)) kept.push_back(lock);
    }
    if (kept.size() == tried) return locked;
    locks = std::move(kept);
  }
}

}  // namespace permcrypt
