// Where inside a model a lock can stand: one place for every cut class, the cheapest.
#pragma once

#include <vector>

#include "lock/constraint_graph.h"
#include "lock/key_scope.h"

namespace permcrypt {

struct CutPoint {
  CutPlace place;
  bool trunk = false;  // see trunk.h
};

// Whether a lock can stand there: not on dynamic extents, nor on values made inside functions. Only
// values below `values` count: those of the graph before locks were inserted.
bool can_cut(const CutPlace& place, const Inference& inference, const KeyScope& scope,
             std::size_t values);

// In the order of computation, without classes where no lock can stand.
std::vector<CutPoint> find_cut_points(const Graph& graph, Inference& inference, const Flow& flow,
                                      std::size_t values);

}  // namespace permcrypt
