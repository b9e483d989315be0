#include "plan/fibres.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "permcrypt/permutation.h"

namespace permcrypt {
namespace {

constexpr std::int64_t kLeastSize = 3;  // of two entries there is one permutation but the identity

class FibreSearch {
 public:
  FibreSearch(LockedGraph& locked, const Groups& group_of, PassesFibres passes)
      : locked_(locked),
        axes_(locked.inference.axes),
        group_of_(group_of),
        branches_(axes_),
        view_(locked.inference, branches_),
        passes_(passes) {
    read_values();
    read_places();
    read_nodes();
  }

  std::vector<Fibre> possible() {
    std::vector<Fibre> out = candidates();
    std::erase_if(out,
                  [&](const Fibre& fibre) { return !passes(fibre) || !can_be_said(fibre, {}); });
    return out;
  }

  Parents choose() {
    Parents parents;
    std::set<ExprId> taken;
    for (const Fibre& fibre : possible()) {
      if (parents.contains(fibre.factor) || parents.contains(fibre.parent) ||
          taken.contains(fibre.factor) || !can_be_said(fibre, parents)) {
        continue;
      }
      parents[fibre.factor] = fibre.parent;
      taken.insert(fibre.parent);
    }
    return parents;
  }

 private:
  struct Factor {
    bool seen = false, ruled_out = false;
    std::set<ExprId> parents;   // that may be
    std::vector<NodeId> nodes;  // that meet it
    std::set<ExprId> axes;      // of constants and locks, resolved
    std::set<ExprId> cache_axes;
  };

  void rule_out(ExprId axis) {
    for (const auto& [factor, count] : branches_.of(axis).counts) factors_[factor].ruled_out = true;
  }

  void restrict_to(ExprId factor, const std::set<ExprId>& parents, bool once) {
    Factor& f = factors_[factor];
    f.ruled_out = f.ruled_out || !once;
    if (!std::exchange(f.seen, true)) {
      f.parents = parents;
    } else {
      std::erase_if(f.parents, [&](ExprId g) { return !parents.contains(g); });
    }
  }

  void read_values() {
    for (const ValueFacts& facts : locked_.inference.values) {
      std::vector<ExprId> list;
      for (const Axis& axis : facts.axes) list.push_back(axis.expr);
      for (const auto& [factor, company] : branches_.of(list).company) {
        restrict_to(factor, company.with, company.once);
      }
      if (facts.coordinates != kNone) rule_out(facts.coordinates);
    }
  }

  // An axis that axis maps describe.
  void read_place(ExprId axis) {
    axis = axes_.resolve(axis);
    for (const auto& [factor, company] : branches_.of(axis).company) {
      restrict_to(factor, company.before, company.once);
      factors_[factor].axes.insert(axis);
    }
  }

  void read_places() {
    const auto& facts = locked_.inference.values;
    for (ValueId value = 0; value < facts.size(); ++value) {
      if (!locked_.graph.values[value].is_constant()) continue;
      for (const Axis& axis : facts[value].axes) read_place(axis.expr);
    }
    for (const LockSite& site : locked_.locks) {
      if (site.arranged != kNone) read_place(site.arranged);
      for (const ValueId side : {site.before, site.behind}) {
        if (side == kNone) continue;
        if (facts[side].coordinates != kNone) rule_out(facts[side].coordinates);
        if (site.kind != LockKind::kIndex && site.joint.empty()) {
          read_place(facts[side].axes[site.axis].expr);
        }
      }
    }
    for (const CachePair& pair : locked_.inference.caches) {
      for (const ValueId side : {pair.past, pair.present}) read_cache(facts[side].axes);
    }
  }

  // Fibres over another axis of a cache: over all of it.
  void read_cache(const std::vector<Axis>& axes) {
    std::set<ExprId> whole;
    for (const Axis& axis : axes) whole.insert(axes_.resolve(axis.expr));
    for (const Axis& axis : axes) {
      for (const auto& [factor, company] : branches_.of(axis.expr).company) {
        std::set<ExprId> parents = company.before;
        for (const ExprId g : whole) {
          if (!branches_.of(axis.expr).has(g)) parents.insert(g);
        }
        restrict_to(factor, parents, company.once);
        factors_[factor].cache_axes.insert(axes_.resolve(axis.expr));
      }
    }
  }

  void read_nodes() {
    for (NodeId id = 0; id < locked_.graph.nodes.size(); ++id) {
      const GraphNode& node = locked_.graph.nodes[id];
      std::set<ExprId> met;
      for (const auto* list : {&node.inputs, &node.outputs}) {
        for (const ValueId value : *list) {
          if (value == kNone) continue;
          for (std::size_t k = 0; k < view_.rank(value); ++k) {
            for (const auto& [factor, count] : view_.branches(value, k).counts) met.insert(factor);
          }
        }
      }
      for (const ExprId factor : met) factors_[factor].nodes.push_back(id);
    }
  }

  // Those that add most keys first.
  std::vector<Fibre> candidates() {
    std::vector<std::tuple<double, std::uint32_t, std::uint32_t, Fibre>> ranked;
    for (const auto& [factor, facts] : factors_) {
      if (facts.ruled_out || axes_.size(factor) < kLeastSize) continue;
      const auto group = group_of_.find(factor);
      if (group == group_of_.end()) continue;
      const double bits = permutation_bits(static_cast<std::uint64_t>(axes_.size(factor)));
      for (const ExprId parent : facts.parents) {
        const auto major = group_of_.find(parent);
        if (major == group_of_.end()) continue;
        const double gain = bits * static_cast<double>(axes_.size(parent) - 1);
        ranked.emplace_back(-gain, group->second, major->second, Fibre{factor, parent});
      }
    }
    std::ranges::sort(ranked, {}, [](const auto& x) {
      return std::tuple(std::get<0>(x), std::get<1>(x), std::get<2>(x));
    });
    std::vector<Fibre> out;
    for (const auto& [gain, group, major, fibre] : ranked) out.push_back(fibre);
    return out;
  }

  bool passes(const Fibre& fibre) {
    return std::ranges::all_of(factors_[fibre.factor].nodes, [&](NodeId id) {
      return passes_(locked_.graph.nodes[id], fibre, view_);
    });
  }

  // Fibres over one factor inside of those over another have no axis map.
  bool can_be_said(const Fibre& fibre, Parents parents) {
    parents[fibre.factor] = fibre.parent;
    const auto fits = [&](ExprId axis) { return fibres_fit(axes_, axis, parents); };
    const Factor& factor = factors_[fibre.factor];
    return std::ranges::all_of(factor.axes, fits) &&
           std::ranges::all_of(factor.cache_axes, [&](ExprId axis) {
             return fits(branches_.of(axis).has(fibre.parent)
                             ? axis
                             : axes_.product(std::vector{fibre.parent, axis}));
           });
  }

  LockedGraph& locked_;
  AxisStore& axes_;
  const Groups& group_of_;
  BranchTable branches_;
  FibreView view_;
  const PassesFibres passes_;
  std::map<ExprId, Factor> factors_;
};

}  // namespace

std::vector<Fibre> possible_fibres(LockedGraph& locked, const Groups& group_of,
                                   PassesFibres passes) {
  return FibreSearch(locked, group_of, passes).possible();
}

Parents find_fibres(LockedGraph& locked, const Groups& group_of) {
  return FibreSearch(locked, group_of, passes_fibres).choose();
}

}  // namespace permcrypt
