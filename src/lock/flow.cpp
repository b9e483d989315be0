#include "lock/flow.h"

#include <algorithm>
#include <string_view>

namespace permcrypt {
namespace {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

bool is_random(std::string_view op) {
  return op.starts_with("Random") || op == "Bernoulli" || op == "Multinomial";
}

}  // namespace

Lists::Lists(std::size_t lists, std::span<const std::pair<std::uint32_t, std::uint32_t>> pairs)
    : start_(lists + 1, 0), items_(pairs.size()) {
  for (const auto& [list, item] : pairs) ++start_[list + 1];
  for (std::size_t i = 0; i < lists; ++i) start_[i + 1] += start_[i];
  std::vector<std::uint32_t> next(start_.begin(), start_.end() - 1);
  for (const auto& [list, item] : pairs) items_[next[list]++] = item;
}

Flow::Flow(const Graph& graph)
    : producer_(graph.values.size(), kNone),
      position_(graph.nodes.size() + graph.bodies.size(), 0),
      constant_(graph.values.size(), false),
      constant_node_(graph.nodes.size(), false) {
  const auto entry = [&](BodyId body) { return static_cast<Step>(graph.nodes.size()) + body; };
  for (BodyId b = 0; b < graph.bodies.size(); ++b) {
    for (const ValueId v : graph.bodies[b].inputs) producer_[v] = entry(b);
    for (const NodeId n : graph.bodies[b].nodes) {
      for (const ValueId v : graph.nodes[n].outputs) {
        if (v != kNone) producer_[v] = n;
      }
    }
  }
  Pairs readers, before;
  const auto reads = [&](Step step, ValueId v) {
    if (v != kNone && producer_[v] != kNone) before.emplace_back(step, producer_[v]);
  };
  for (NodeId n = 0; n < graph.nodes.size(); ++n) {
    const GraphNode& node = graph.nodes[n];
    for (const ValueId v : node.inputs) {
      reads(n, v);
      if (v != kNone) readers.emplace_back(v, n);
      for (const auto& sub : node.subs) reads(entry(sub.body), v);
    }
    for (const auto& sub : node.subs) {
      before.emplace_back(n, entry(sub.body));
      for (const ValueId v : graph.bodies[sub.body].outputs) {
        reads(n, v);
        readers.emplace_back(v, n);
      }
    }
  }
  readers_ = Lists(graph.values.size(), readers);
  before_ = Lists(position_.size(), before);
  arrange(graph);
  find_constants(graph);
}

void Flow::arrange(const Graph& graph) {
  struct Frame {
    BodyId body;
    std::size_t node = 0, sub = 0;
  };
  std::vector<Frame> stack;
  const auto enter = [&](BodyId body) {
    order_.push_back(static_cast<Step>(graph.nodes.size()) + body);
    stack.push_back({body});
  };
  enter(0);
  while (!stack.empty()) {
    Frame& f = stack.back();
    const auto& nodes = graph.bodies[f.body].nodes;
    if (f.node == nodes.size()) {
      stack.pop_back();
      continue;
    }
    const auto& subs = graph.nodes[nodes[f.node]].subs;
    if (f.sub < subs.size()) {
      enter(subs[f.sub++].body);  // invalidates f
      continue;
    }
    order_.push_back(nodes[f.node++]);
    f.sub = 0;
  }
  for (std::uint32_t i = 0; i < order_.size(); ++i) position_[order_[i]] = i;
}

void Flow::find_constants(const Graph& graph) {
  for (ValueId v = 0; v < graph.values.size(); ++v) {
    constant_[v] = graph.values[v].is_constant();
  }
  for (const Step step : order_) {
    if (step >= graph.nodes.size()) continue;
    const GraphNode& node = graph.nodes[step];
    if (!node.subs.empty() || is_random(node.op)) continue;
    if (node.inputs.empty() && node.op != "Constant") continue;
    const bool constant = std::all_of(node.inputs.begin(), node.inputs.end(),
                                      [&](ValueId v) { return v == kNone || constant_[v]; });
    if (!constant) continue;
    constant_node_[step] = true;
    for (const ValueId v : node.outputs) {
      if (v != kNone) constant_[v] = true;
    }
  }
}

Reach reach_of(const Flow& flow, std::span<const Flow::Step> steps) {
  Reach reach;
  reach.above.resize(flow.order().size());
  reach.below.resize(flow.order().size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    reach.above[steps[i]] |= std::uint64_t{1} << i;
    reach.below[steps[i]] |= std::uint64_t{1} << i;
  }
  for (const auto step : flow.order()) {
    for (const auto earlier : flow.before(step)) reach.below[step] |= reach.below[earlier];
  }
  for (auto it = flow.order().rbegin(); it != flow.order().rend(); ++it) {
    for (const auto earlier : flow.before(*it)) reach.above[earlier] |= reach.above[*it];
  }
  return reach;
}

}  // namespace permcrypt
