#include "lock/key_scope.h"

#include "lock/constant_homes.h"

namespace permcrypt {

KeyScope::KeyScope(const Graph& graph)
    : visible_(graph.nodes.size(), false),
      lockable_(graph.values.size(), false),
      lockable_constant_(graph.values.size(), false) {
  std::vector<BodyId> open{0};
  while (!open.empty()) {
    const GraphBody& body = graph.bodies[open.back()];
    open.pop_back();
    for (const NodeId n : body.nodes) {
      const GraphNode& node = graph.nodes[n];
      for (const ValueId v : node.outputs) {
        if (v == kNone) continue;
        lockable_[v] = !node.in_function || !graph.values[v].returned_as.empty();
      }
      if (node.in_function) continue;
      visible_[n] = true;
      if (!captures_names(node.domain, node.op)) continue;
      for (const auto& sub : node.subs) open.push_back(sub.body);
    }
  }
  const auto homes = constant_homes(*graph.model);
  for (ValueId v = 0; v < graph.values.size(); ++v) {
    lockable_constant_[v] = homes.contains(graph.values[v].tensor);
  }
  for (BodyId b = 1; b < graph.bodies.size(); ++b) {
    for (const ValueId v : graph.bodies[b].outputs) lockable_[v] = lockable_constant_[v] = false;
  }
}

}  // namespace permcrypt
