#include "lock/joint_rewriting.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace permcrypt {
namespace {

class Rewriting {
 public:
  Rewriting(LockedGraph& locked, const std::vector<Joint>& joints)
      : locked_(locked), inference_(locked.inference), axes_(inference_.axes), joints_(joints) {}

  void run() {
    for (ValueId v = 0; v < inference_.values.size(); ++v) {
      const bool constant = locked_.graph.values[v].tensor != kNone && inference_.values[v].known;
      if (constant) rewrite_constant(v);
    }
    rewrite_locks();
  }

 private:
  Digits replaced(Digits digits) const {
    for (const Joint& joint : joints_) {
      for (auto at = digits.begin();;) {
        at = std::search(at, digits.end(), joint.run.begin(), joint.run.end());
        if (at == digits.end()) break;
        at = digits.erase(at, at + static_cast<std::ptrdiff_t>(joint.run.size()) - 1);
        *at++ = joint.factor;
      }
    }
    return digits;
  }

  ExprId replaced(ExprId expr) {
    std::vector<ExprId> terms;
    for (const Digits& term : terms_of(axes_, expr)) terms.push_back(axes_.product(replaced(term)));
    return axes_.sum(terms);
  }

  void rewrite_constant(ValueId v) {
    ValueFacts& facts = inference_.values[v];
    if (facts.coordinates != kNone) facts.coordinates = replaced(facts.coordinates);
    std::vector<Axis> rewritten;
    for (std::size_t begin = 0; begin < facts.axes.size();) {
      std::size_t end = begin + 1;
      while (end < facts.axes.size() && goes_on(facts.axes, end)) ++end;
      rewritten.push_back(merged({facts.axes.data() + begin, end - begin}));
      begin = end;
    }
    if (rewritten.size() < facts.axes.size()) {
      PayloadView view;
      view.bits = element_bits(facts.type);
      for (const Axis& axis : rewritten) view.shape.push_back(axis.a);
      view.row_stride = view.shape.back();
      inference_.views[v] = std::move(view);
    }
    facts.axes = std::move(rewritten);
  }

  // Whether joined factors lie on both sides of the boundary in front of axis k.
  bool goes_on(std::span<const Axis> value, std::size_t k) {
    return std::any_of(joints_.begin(), joints_.end(), [&](const Joint& joint) {
      return lie_of(axes_, value, joint.run) == Lie::kAcrossAxes &&
             lie_of(axes_, value.first(k), joint.run) != Lie::kAbsent &&
             lie_of(axes_, value.subspan(k), joint.run) != Lie::kAbsent;
    });
  }

  Axis merged(std::span<const Axis> axes) {
    if (axes.size() == 1) return {replaced(axes[0].expr), axes[0].a, axes[0].b};
    Digits digits;
    Axis out;
    for (const Axis& axis : axes) {
      const Digits term = terms_of(axes_, axis.expr).front();
      digits.insert(digits.end(), term.begin(), term.end());
      out.a *= axis.a;
      out.b *= axis.b;
    }
    out.expr = axes_.product(replaced(digits));
    return out;
  }

  // A value's maps of single axes give way to one from the first axis that shares a joint factor.
  void rewrite_locks() {
    std::vector<LockSite> out;
    std::set<std::pair<ValueId, Carrier>> done;
    for (LockSite& lock : locked_.locks) {
      if (lock.kind == LockKind::kIndex || lock.carrier == Carrier::kKey) {
        out.push_back(lock);
        continue;
      }
      if (!done.emplace(lock.value, lock.carrier).second) continue;
      append_maps(lock, out);
    }
    for (const LockSite& lock : out) {
      for (const ValueId v : {lock.before, lock.behind}) {
        ValueFacts& facts = inference_.values[v];
        if (facts.coordinates != kNone) facts.coordinates = replaced(facts.coordinates);
        for (Axis& axis : facts.axes) axis.expr = replaced(axis.expr);
      }
    }
    locked_.locks = std::move(out);
  }

  void append_maps(const LockSite& first, std::vector<LockSite>& out) {
    std::vector<LockSite> maps;
    for (const LockSite& lock : locked_.locks) {
      const bool same = lock.value == first.value && lock.carrier == first.carrier;
      if (same && lock.kind != LockKind::kIndex) maps.push_back(lock);
    }
    const bool enters = first.carrier == Carrier::kInput;
    const std::vector<Axis> value =
        inference_.values[enters ? maps.back().behind : first.before].axes;
    std::size_t begin = value.size();
    for (const Joint& joint : joints_) {
      if (lie_of(axes_, value, joint.run) != Lie::kAcrossAxes) continue;
      for (std::size_t k = 0; k < begin; ++k) {
        if (lie_of(axes_, std::vector<Axis>{value[k]}, joint.run) != Lie::kAbsent) begin = k;
      }
    }
    for (const LockSite& map : maps) {
      if (map.axis < begin) out.push_back(map);
    }
    if (begin == value.size()) return;
    out.push_back(joint_map(first, value, begin));
    out.back().behind = maps.back().behind;
  }

  LockSite joint_map(const LockSite& first, const std::vector<Axis>& value, std::size_t begin) {
    LockSite map = first;
    map.axis = static_cast<std::uint32_t>(begin);
    map.size = 1;
    Digits digits;
    for (std::size_t k = begin; k < value.size(); ++k) {
      const auto terms = terms_of(axes_, value[k].expr);
      const Digits own = terms.size() == 1 ? terms[0] : Digits{axes_.resolve(value[k].expr)};
      auto& extents = map.joint.digits.emplace_back();
      for (const ExprId digit : own) {
        extents.push_back(static_cast<std::uint64_t>(axes_.size(digit)));
      }
      digits.insert(digits.end(), own.begin(), own.end());
      map.size *= value[k].a;
    }
    std::vector<bool> placed(digits.size(), false);
    const auto place = [&](std::size_t i) {
      placed[i] = true;
      map.joint.order.push_back(static_cast<std::uint32_t>(i));
    };
    Digits arranged;
    for (const Joint& joint : joints_) {
      if (lie_of(axes_, value, joint.run) != Lie::kAcrossAxes) continue;
      for (const ExprId f : joint.run) {
        place(
            static_cast<std::size_t>(std::find(digits.begin(), digits.end(), f) - digits.begin()));
      }
      arranged.push_back(joint.factor);
    }
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (placed[i]) continue;
      place(i);
      arranged.push_back(replaced(digits[i]));
    }
    map.arranged = axes_.product(arranged);
    return map;
  }

  LockedGraph& locked_;
  Inference& inference_;
  AxisStore& axes_;
  const std::vector<Joint>& joints_;
};

}  // namespace

void rewrite_joints(LockedGraph& locked, const std::vector<Joint>& joints) {
  Rewriting(locked, joints).run();
}

}  // namespace permcrypt
