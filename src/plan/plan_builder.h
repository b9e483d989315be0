// Which bytes move where: the end of the analysis, the beginning of everything else.
#pragma once

#include "permcrypt/lock.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Groups are the free factors that some constant holds; the rest of the axes stays. A group's id is
// made of where its factor lies in the named constants (group_id), so it does not depend on the
// order in which anything was found. The plan has no edits yet.
//
// `locked` is resolved further, not changed in meaning. Errors (kDefect): inference left an axis
// free that cannot move, as in a tensor without a payload of its own.
Result<Plan> build_plan(LockedGraph& locked);

// One place where a group's factor lies: index i of the group is at offset + stride * i + ... on an
// axis of a constant. Only the first place on each axis counts.
struct GroupUse {
  std::string tensor;  // scope and name
  std::uint64_t axis = 0;
  std::uint64_t offset = 0, stride = 1;
  auto operator<=>(const GroupUse&) const = default;
};

// docs/format.md, "Group ids". REQUIRES: `uses` is sorted.
GroupId group_id(const std::vector<GroupUse>& uses);

}  // namespace permcrypt
