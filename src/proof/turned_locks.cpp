#include "proof/turned_locks.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace permcrypt::proof {
namespace {

bool is(const GraphNode& node, std::string_view op, std::size_t operands) {
  return node.op == op && node.domain.empty() && node.inputs.size() == operands &&
         node.outputs.size() == 1 && std::ranges::find(node.inputs, kNone) == node.inputs.end();
}

// The axes of a Transpose; nothing when they are not given, or are no permutation.
std::optional<std::vector<std::int64_t>> turn_of(const GraphNode& node) {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() != "perm") continue;
    std::vector<std::int64_t> turn(a.ints().begin(), a.ints().end()), sorted = turn;
    std::ranges::sort(sorted);
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      if (sorted[k] != static_cast<std::int64_t>(k)) return std::nullopt;
    }
    return turn;
  }
  return std::nullopt;
}

bool undoes(const std::vector<std::int64_t>& back, const std::vector<std::int64_t>& turn) {
  if (back.size() != turn.size()) return false;
  for (std::size_t k = 0; k < back.size(); ++k) {
    if (turn[static_cast<std::size_t>(back[k])] != static_cast<std::int64_t>(k)) return false;
  }
  return true;
}

class Search {
 public:
  Search(const Graph& graph, const std::string& key_input)
      : graph_(graph), reads_(graph.values.size()), is_key_(graph.values.size()) {
    for (const GraphNode& node : graph.nodes) {
      for (const ValueId v : node.inputs) {
        if (v != kNone) ++reads_[v];
      }
      if (node.op != "Split" || node.inputs.empty() || node.inputs[0] == kNone) continue;
      const GraphValue& split = graph.values[node.inputs[0]];
      if (split.name != key_input || !split.scope.empty() || split.producer != kNone) continue;
      for (const ValueId v : node.outputs) {
        if (v != kNone) is_key_[v] = true;
      }
    }
    for (const GraphBody& body : graph.bodies) {
      for (const ValueId v : body.outputs) {
        if (v != kNone) ++reads_[v];
      }
    }
  }

  TurnedLocks run() {
    for (const GraphNode& last : graph_.nodes) {
      if (!is(last, "Transpose", 1)) continue;
      const GraphNode* const gather = only_for(last.inputs[0]);
      if (!gather || !is(*gather, "Gather", 2) || !is_key_[gather->inputs[1]]) continue;
      const GraphNode* const first = only_for(gather->inputs[0]);
      if (!first || !is(*first, "Transpose", 1)) continue;
      const auto turn = turn_of(*first), back = turn_of(last);
      if (!turn || !back || !undoes(*back, *turn)) continue;
      if (turn->empty() || !gathers_front(*gather)) continue;
      out_.locks[&last] = {first->inputs[0], gather->inputs[1], turn->front()};
      out_.inner.insert({first, gather});
    }
    return std::move(out_);
  }

 private:
  // The node that makes a value which one node alone reads.
  const GraphNode* only_for(ValueId value) const {
    const NodeId producer = graph_.values[value].producer;
    return reads_[value] == 1 && producer != kNone ? &graph_.nodes[producer] : nullptr;
  }

  static bool gathers_front(const GraphNode& gather) {
    for (const auto& a : gather.proto->attribute()) {
      if (a.name() == "axis" && a.i() != 0) return false;
    }
    return true;
  }

  const Graph& graph_;
  std::vector<std::uint32_t> reads_;  // by value
  std::vector<bool> is_key_;
  TurnedLocks out_;
};

}  // namespace

TurnedLocks find_turned_locks(const Graph& encrypted, const std::string& key_input) {
  if (key_input.empty()) return {};
  return Search(encrypted, key_input).run();
}

}  // namespace permcrypt::proof
