#include "lock/guards.h"

#include <algorithm>
#include <set>

#include "lock/constraint_graph.h"
#include "lock/cut_points.h"

namespace permcrypt {
namespace {

bool chooses(std::string_view op) { return op == "ArgMax" || op == "ArgMin" || op == "TopK"; }

class Search {
 public:
  Search(const Graph& graph, Inference& inference, const Flow& flow, std::size_t values,
         GuardEnds ends)
      : graph_(graph),
        inference_(inference),
        flow_(flow),
        values_(values),
        guard_ends_(ends == GuardEnds::kYes),
        scope_(graph) {}

  std::vector<LockSite> run() {
    find_held();
    if (held_.empty()) return {};
    find_holders();
    for (ValueId v = 0; v < std::min(values_, graph_.values.size()); ++v) {
      if (!flow_.is_constant(v) && graph_.values[v].producer != kNone) add_value(v);
    }
    return std::move(out_);
  }

 private:
  bool is_weight(ValueId v) const {
    const ValueFacts& facts = inference_.values[v];
    return graph_.values[v].is_constant() && is_weight_type(facts.type) &&
           std::ranges::count_if(facts.axes, [](const Axis& x) { return !x.unit(); }) >= 2;
  }

  // Factors of axes of weights of which nothing moves.
  void find_held() {
    for (ValueId v = 0; v < graph_.values.size(); ++v) {
      if (!is_weight(v)) continue;
      for (const Axis& axis : inference_.values[v].axes) {
        if (axis.unit() || inference_.axes.any_free(axis.expr)) continue;
        for (const ExprId f : inference_.axes.factors(axis.expr)) held_.insert(f);
      }
    }
  }

  void find_holders() {
    for (const AxisStore::Pin& pin : inference_.axes.pins()) {
      if (pin.site > graph_.nodes.size()) continue;
      for (const ExprId f : inference_.axes.factors(pin.factor)) {
        if (!held_.contains(f)) continue;
        if (pin.site == 0) {
          held_by_users_.insert(f);
        } else {
          holders_.insert({f, pin.site - 1});
        }
      }
    }
    // What is stored so that it cannot move is held where it is read.
    for (ValueId v = 0; v < graph_.values.size(); ++v) {
      const auto& sparse = graph_.values[v].sparse;
      if (!sparse || sparse->unmovable.empty()) continue;
      for (const Axis& axis : inference_.values[v].axes) {
        for (const ExprId f : inference_.axes.factors(axis.expr)) {
          for (const NodeId reader : flow_.readers(v)) holders_.insert({f, reader});
        }
      }
    }
  }

  bool touches_holder(ValueId v, ExprId factor) const {
    const auto holds = [&](NodeId n) { return holders_.contains({factor, n}); };
    return holds(graph_.values[v].producer) || std::ranges::any_of(flow_.readers(v), holds);
  }

  bool has(ValueId v, ExprId factor, bool where_locks_stand) {
    if (v == kNone || !inference_.values[v].known) return false;
    const auto& axes = inference_.values[v].axes;
    for (std::uint32_t k = 0; k < axes.size(); ++k) {
      if (where_locks_stand && !can_cut({v, k}, inference_, scope_, values_)) continue;
      if (std::ranges::count(inference_.axes.factors(axes[k].expr), factor) > 0) return true;
    }
    return false;
  }

  // Some reader makes nothing of the axis on which a lock could stand, and meets no other operand
  // along it: it chooses among classes, or what comes out is the user's.
  bool ends(ValueId v, ExprId factor) {
    if (!guard_ends_ || !held_.contains(factor)) return false;
    return std::ranges::any_of(flow_.readers(v), [&](NodeId n) {
      const GraphNode& node = graph_.nodes[n];
      return (held_by_users_.contains(factor) || chooses(node.op)) &&
             std::ranges::none_of(node.outputs, [&](ValueId y) { return has(y, factor, true); }) &&
             std::ranges::none_of(
                 node.inputs, [&](ValueId x) { return x != v && has(x, factor, false); });
    });
  }

  void add_value(ValueId v) {
    const auto& axes = inference_.values[v].axes;
    for (std::uint32_t k = 0; k < axes.size(); ++k) {
      if (!can_cut({v, k}, inference_, scope_, values_)) continue;
      const auto factors = inference_.axes.factors(axes[k].expr);
      const bool guards = std::ranges::any_of(factors, [&](ExprId f) {
        return touches_holder(v, f) || ends(v, f);
      });
      if (!guards) continue;
      LockSite site;
      site.kind = LockKind::kBoundary;
      site.value = v;
      site.axis = k;
      site.size = axes[k].a;
      out_.push_back(site);
    }
  }

  const Graph& graph_;
  Inference& inference_;
  const Flow& flow_;
  const std::size_t values_;
  const bool guard_ends_;
  const KeyScope scope_;
  std::set<ExprId> held_;
  std::set<std::pair<ExprId, NodeId>> holders_;
  std::set<ExprId> held_by_users_;
  std::vector<LockSite> out_;
};

}  // namespace

std::vector<LockSite> find_guards(const Graph& graph, Inference& inference, const Flow& flow,
                                  std::size_t values, GuardEnds ends) {
  return Search(graph, inference, flow, values, ends).run();
}

double share_moving(const Graph& graph, Inference& inference) {
  double moving = 0, all = 0;
  for (ValueId v = 0; v < graph.values.size(); ++v) {
    const ValueFacts& facts = inference.values[v];
    if (!graph.values[v].is_constant() || !is_weight_type(facts.type)) continue;
    double bits = element_bits(facts.type);
    bool moves = true;
    for (const Axis& axis : facts.axes) {
      bits *= static_cast<double>(axis.a);
      moves = moves && (axis.unit() || inference.axes.any_free(axis.expr));
    }
    all += bits;
    if (moves) moving += bits;
  }
  return all == 0 ? 0 : moving / all;
}

}  // namespace permcrypt
