#include "lock/key_scope.h"

namespace permcrypt {
namespace {

bool captures_names(const GraphNode& node) {
  return node.domain.empty() && (node.op == "If" || node.op == "Loop" || node.op == "Scan");
}

}  // namespace

KeyScope::KeyScope(const Graph& graph)
    : visible_(graph.nodes.size(), false), lockable_(graph.values.size(), false) {
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
      if (!captures_names(node)) continue;
      for (const auto& sub : node.subs) open.push_back(sub.body);
    }
  }
  for (BodyId b = 1; b < graph.bodies.size(); ++b) {
    for (const ValueId v : graph.bodies[b].outputs) lockable_[v] = false;
  }
}

}  // namespace permcrypt
