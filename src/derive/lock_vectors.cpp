#include <algorithm>

#include "permcrypt/key.h"

namespace permcrypt {
namespace {

// So many permutations of a group are tried at most: more groups of three entries can meet in one
// place than there are permutations of them.
constexpr std::uint32_t kMaxRedraws = 100;

void collect_groups(const AxisMap& map, std::vector<std::uint32_t>& groups) {
  if (map.kind == AxisMap::Kind::kGroup) groups.push_back(map.group);
  for (const AxisMap& part : map.parts) collect_groups(part, groups);
}

// The group that is drawn again for the sake of a lock; kNone when there is none.
std::uint32_t group_to_redraw(const Plan& plan, const PlanLock& lock,
                              const std::vector<std::uint32_t>& redraws) {
  std::vector<std::uint32_t> upstream, downstream;
  collect_groups(lock.upstream, upstream);
  collect_groups(lock.downstream, downstream);
  const auto is_candidate = [&](std::uint32_t group) {
    return plan.groups[group].size >= 3 && redraws[group] < kMaxRedraws &&
           std::find(upstream.begin(), upstream.end(), group) == upstream.end();
  };
  const auto found = std::find_if(downstream.begin(), downstream.end(), is_candidate);
  return found == downstream.end() ? kNone : *found;
}

// Of a fibred group: those of its fibres, one after the other.
Permutation permutation_of(const KeySchedule& schedule, const PlanGroup& group,
                           std::uint32_t redraws) {
  if (group.fibres == 1) return schedule.permutation(group.id, group.size, 0, redraws);
  std::vector<std::uint32_t> all;
  all.reserve(group.fibres * group.size);
  for (std::uint64_t fibre = 0; fibre < group.fibres; ++fibre) {
    const Permutation one = schedule.permutation(group.id, group.size, fibre, redraws);
    const auto base = static_cast<std::uint32_t>(all.size());
    for (const std::uint32_t i : one.old_of_new()) all.push_back(base + i);
  }
  return Permutation(std::move(all));
}

bool is_open(const PlanLock& lock, const std::vector<Permutation>& groups) {
  return axis_permutation(lock.upstream, groups) == axis_permutation(lock.downstream, groups);
}

}  // namespace

std::vector<Permutation> derive_permutations(const KeySchedule& schedule, const Plan& plan) {
  std::vector<Permutation> groups;
  groups.reserve(plan.groups.size());
  for (const PlanGroup& group : plan.groups) groups.push_back(permutation_of(schedule, group, 0));

  std::vector<std::uint32_t> redraws(plan.groups.size(), 0);
  // A redraw may open another lock on the same group, so go round until none happened.
  for (bool changed = true; changed;) {
    changed = false;
    for (const PlanLock& lock : plan.locks) {
      while (is_open(lock, groups)) {
        const std::uint32_t group = group_to_redraw(plan, lock, redraws);
        if (group == kNone) break;
        groups[group] = permutation_of(schedule, plan.groups[group], ++redraws[group]);
        changed = true;
      }
    }
  }
  return groups;
}

std::vector<std::int32_t> token_vector(const Plan& plan, const std::vector<Permutation>& groups) {
  std::vector<std::int32_t> token;
  for (const PlanLock& lock : plan.locks) {
    if (lock.carrier != Carrier::kKey) continue;
    const Permutation upstream = axis_permutation(lock.upstream, groups);
    const Permutation downstream = axis_permutation(lock.downstream, groups);
    // Data is gathered along its axis; an id is itself a coordinate, and goes the other way.
    const Permutation index = lock.kind == LockKind::kIndex
                                  ? Permutation::relative(downstream, upstream)
                                  : Permutation::relative(upstream, downstream);
    token.insert(token.end(), index.old_of_new().begin(), index.old_of_new().end());
  }
  return token;
}

}  // namespace permcrypt
