#include "plan/branches.h"

#include <algorithm>
#include <iterator>

namespace permcrypt {
namespace {

std::set<ExprId> common(const std::set<ExprId>& x, const std::set<ExprId>& y) {
  std::set<ExprId> out;
  std::ranges::set_intersection(x, y, std::inserter(out, out.end()));
  return out;
}

// What is on all branches of `part` as often as it is on any.
bool always_once(const Branches& part, ExprId factor) {
  const auto found = part.counts.find(factor);
  return found != part.counts.end() && found->second.least == 1 && found->second.most == 1;
}

// Branches of `major` and `minor` are chosen independently.
Branches times(const Branches& major, const Branches& minor, ExprId major_factor) {
  Branches out = major;
  for (const auto& [factor, count] : minor.counts) {
    out.counts[factor].least += count.least;
    out.counts[factor].most += count.most;
  }
  out.company.clear();
  for (const Branches* own : {&major, &minor}) {
    const Branches& other = own == &major ? minor : major;
    for (const auto& [factor, met] : own->company) {
      Branches::Company& company = out.company[factor];
      company.once = company.once && met.once && !other.has(factor);
      for (const ExprId g : met.with) {
        if (!other.has(g)) company.with.insert(g);
      }
      for (const auto& [g, count] : other.counts) {
        if (g != factor && always_once(other, g) && !own->has(g)) company.with.insert(g);
      }
      company.before = common(met.before, company.with);
      if (own == &minor && company.with.contains(major_factor)) {
        company.before.insert(major_factor);
      }
    }
  }
  return out;
}

}  // namespace

// The nesting of an expression is bounded: see AxisStore::normalise.
const Branches& BranchTable::of(ExprId axis) {
  axis = axes_.resolve(axis);
  if (const auto found = known_.find(axis); found != known_.end()) return found->second;
  Branches out;
  if (axes_.kind(axis) == AxisStore::Kind::kFactor) {
    if (axes_.is_free(axis)) {
      out.counts[axis] = {1, 1};
      out.company[axis];
    }
  } else {
    const auto span = axes_.parts(axis);
    const std::vector<ExprId> parts(span.begin(), span.end());
    if (axes_.kind(axis) == AxisStore::Kind::kSum) {
      out = of_sum(parts);
    } else {
      for (std::size_t i = parts.size(); i-- > 0;) {
        out = times(of(parts[i]), out, axes_.resolve(parts[i]));
      }
    }
  }
  return known_.emplace(axis, std::move(out)).first->second;
}

Branches BranchTable::of_sum(const std::vector<ExprId>& arms) {
  Branches out;
  std::map<ExprId, std::size_t> holders;
  for (const ExprId arm : arms) {
    const Branches& one = of(arm);
    for (const auto& [factor, count] : one.counts) {
      auto& all = out.counts[factor];
      all.least = holders[factor] == 0 ? count.least : std::min(all.least, count.least);
      all.most = std::max(all.most, count.most);
      ++holders[factor];
    }
    for (const auto& [factor, met] : one.company) {
      const auto [it, is_new] = out.company.try_emplace(factor, met);
      if (is_new) continue;
      it->second.once = it->second.once && met.once;
      it->second.with = common(it->second.with, met.with);
      it->second.before = common(it->second.before, met.before);
    }
  }
  for (auto& [factor, count] : out.counts) {
    if (holders[factor] < arms.size()) count.least = 0;
  }
  return out;
}

Branches BranchTable::of(std::span<const ExprId> axes) {
  Branches out;
  for (const ExprId axis : axes) out = times(out, of(axis), kUnit);
  return out;
}

}  // namespace permcrypt
