// Which groups may take another permutation for each index of another group?
//
// Inference finds factors: the same permutation wherever a factor is. That is more than is needed.
// Where each value of the graph that holds f holds g as well, every element that has a place along
// f has one along g, and the places along f may be numbered anew for each index of g: the *fibres*
// of f over its *parent* g. So do the dimensions of the heads of an attention: two heads share
// nothing then.
//
// f is fibred over g if
//   - each value that holds f has both once on each branch (branches.h), and no elements are
//     coordinates of f;
//   - each operator that meets f lets its fibres pass (fibre_operators.h);
//   - each constant, and each lock, has f behind g on one axis, so that an axis map can say it;
//   - each cache has g either so, or as another axis of its own.
// A factor has at most one parent, and a parent has none.
#pragma once

#include <map>
#include <vector>

#include "permcrypt/lock.h"
#include "plan/axis_mapping.h"
#include "plan/branches.h"
#include "plan/fibre_operators.h"

namespace permcrypt {

using Groups = std::map<ExprId, std::uint32_t>;  // of free factors
using PassesFibres = bool (*)(const GraphNode&, const Fibre&, FibreView&);

// Factors that `group_of` names, and each of their possible parents, for itself: those that add
// most keys first. `locked` is resolved further, not changed in meaning.
std::vector<Fibre> possible_fibres(LockedGraph& locked, const Groups& group_of,
                                   PassesFibres passes = passes_fibres);

// As many of them as go together.
Parents find_fibres(LockedGraph& locked, const Groups& group_of);

}  // namespace permcrypt
