#include "lock/joint_axes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lock/constraint_graph.h"
#include "lock/digits.h"
#include "lock/joint_operators.h"
#include "lock/joint_rewriting.h"

namespace permcrypt {
namespace {

constexpr std::int64_t kMaxJoint = 1 << 30;  // indices of a joint axis

class Joiner {
 public:
  explicit Joiner(LockedGraph& locked)
      : locked_(locked), inference_(locked.inference), axes_(inference_.axes) {}

  void run() {
    find_wanted();
    if (wanted_.size() < 2) return;
    find_users();
    for (const Digits& run : candidates()) {
      if (std::any_of(run.begin(), run.end(), [&](ExprId f) { return joined_.contains(f); })) {
        continue;
      }
      if (!can_join(run)) continue;
      std::int64_t size = 1;
      for (const ExprId f : run) size *= axes_.size(f);
      joints_.push_back({run, axes_.free_factor(size)});
      joined_.insert(run.begin(), run.end());
    }
    if (!joints_.empty()) rewrite_joints(locked_, joints_);
  }

 private:
  const Graph& graph() const { return locked_.graph; }
  bool is_constant(ValueId v) const {
    return graph().values[v].tensor != kNone && inference_.values[v].known;
  }

  // What a client map renumbers, as the model sees it.
  static ValueId inner(const LockSite& map) {
    return map.carrier == Carrier::kInput ? map.behind : map.before;
  }

  void find_wanted() {
    for (const LockSite& map : locked_.locks) {
      if (map.carrier == Carrier::kKey) continue;
      // Values between the maps of one input or output are half scrambled: they do not count.
      half_way_.insert(map.carrier == Carrier::kInput ? map.before : map.behind);
      if (map.kind == LockKind::kIndex) continue;
      for (const ExprId f : axes_.factors(inference_.values[inner(map)].axes[map.axis].expr)) {
        if (axes_.is_free(f)) wanted_.insert(f);
      }
    }
  }

  bool holds_wanted(ExprId expr) {
    const auto factors = axes_.factors(expr);
    return std::any_of(factors.begin(), factors.end(),
                       [&](ExprId f) { return wanted_.contains(f); });
  }

  void find_users() {
    for (ValueId v = 0; v < inference_.values.size(); ++v) {
      const ValueFacts& facts = inference_.values[v];
      bool holds = facts.coordinates != kNone && holds_wanted(facts.coordinates);
      for (const Axis& axis : facts.axes) holds = holds || holds_wanted(axis.expr);
      if (holds && !half_way_.contains(v)) users_.push_back(v);
    }
  }

  // Runs of wanted factors in the constants, and parts of such runs; the longest first.
  std::vector<Digits> candidates() {
    std::set<Digits> found;
    for (const ValueId v : users_) {
      if (!is_constant(v)) continue;
      for (const Digits& run : adjacent_digits(axes_, inference_.values[v].axes)) {
        for (std::size_t begin = 0; begin < run.size(); ++begin) {
          std::size_t end = begin;
          while (end < run.size() && wanted_.contains(run[end]) &&
                 std::find(run.begin() + begin, run.begin() + end, run[end]) == run.begin() + end) {
            ++end;
            if (end - begin > 1) found.emplace(run.begin() + begin, run.begin() + end);
          }
        }
      }
    }
    std::vector<Digits> out(found.begin(), found.end());
    std::stable_sort(out.begin(), out.end(),
                     [](const Digits& x, const Digits& y) { return x.size() > y.size(); });
    return out;
  }

  bool can_join(const Digits& run) {
    std::int64_t size = 1;
    for (const ExprId f : run) {
      if (__builtin_mul_overflow(size, axes_.size(f), &size) || size > kMaxJoint) return false;
    }
    std::map<ValueId, Lie> lies;
    for (const ValueId v : users_) {
      const ValueFacts& facts = inference_.values[v];
      const Lie lie = is_constant(v) && !inference_.views.contains(v)
                          ? lie_in_memory(axes_, facts.axes, run)
                          : lie_of(axes_, facts.axes, run);
      if (lie == Lie::kApart) return false;
      // Entries of a sparse tensor are found along its own axes only.
      if (graph().values[v].sparse && lie != Lie::kAbsent) return false;
      if (is_constant(v) && inference_.views.contains(v) && lie != Lie::kAbsent) return false;
      if (facts.coordinates != kNone) {
        const Lie ids = lie_of(axes_, std::vector<Axis>{{facts.coordinates, 1, 1}}, run);
        if (ids != Lie::kAbsent && ids != Lie::kWithinAxes) return false;
      }
      lies[v] = lie;
    }
    for (const CachePair& pair : inference_.caches) {
      if (lie_at(lies, pair.past) != Lie::kAbsent || lie_at(lies, pair.present) != Lie::kAbsent) {
        return false;
      }
    }
    return nodes_join(lies) && locks_join(lies, run);
  }

  static Lie lie_at(const std::map<ValueId, Lie>& lies, ValueId v) {
    const auto it = lies.find(v);
    return it == lies.end() ? Lie::kAbsent : it->second;
  }

  bool nodes_join(const std::map<ValueId, Lie>& lies) const {
    for (const GraphNode& node : graph().nodes) {
      if (node.domain == "permcrypt") continue;
      bool within = false, across = false;
      for (const auto* list : {&node.inputs, &node.outputs}) {
        for (const ValueId v : *list) {
          const Lie lie = v == kNone ? Lie::kAbsent : lie_at(lies, v);
          within = within || lie == Lie::kWithinAxes;
          across = across || lie == Lie::kAcrossAxes;
        }
      }
      if (!within && !across) continue;
      const Joining joining = joining_of(node);
      if (joining == Joining::kNone || (across && joining != Joining::kAny)) return false;
    }
    return true;
  }

  // A map of several axes reaches to the last axis, and needs their extents; a part of the key
  // permutes one axis.
  bool locks_join(const std::map<ValueId, Lie>& lies, const Digits& run) {
    for (const LockSite& lock : locked_.locks) {
      if (lock.kind == LockKind::kIndex) continue;
      for (const ValueId v : {lock.before, lock.behind}) {
        if (half_way_.contains(v) || lie_at(lies, v) != Lie::kAcrossAxes) continue;
        const auto& value = inference_.values[v].axes;
        if (lie_of(axes_, std::vector<Axis>{value[lock.axis]}, run) == Lie::kAbsent) continue;
        if (lock.carrier == Carrier::kKey) return false;
        // From the run's first axis on, which another map of the same value may be about.
        bool begun = false;
        for (const Axis& axis : value) {
          begun = begun || lie_of(axes_, std::vector<Axis>{axis}, run) != Lie::kAbsent;
          if (begun && axis.dynamic()) return false;
        }
      }
    }
    return true;
  }

  LockedGraph& locked_;
  Inference& inference_;
  AxisStore& axes_;
  std::set<ExprId> wanted_, joined_;
  std::set<ValueId> half_way_;
  std::vector<ValueId> users_;
  std::vector<Joint> joints_;
};

}  // namespace

void join_axes(LockedGraph& locked) { Joiner(locked).run(); }

}  // namespace permcrypt
