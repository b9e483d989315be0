// Which node of the original is a node of the encrypted graph? One with the same operator and
// attributes whose operands are the same values. How it is found does not matter: what is returned
// was compared.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "permcrypt/graph.h"

namespace permcrypt::proof {

class Counterparts {
 public:
  // Both graphs must outlive it.
  Counterparts(const Graph& original, const Graph& encrypted);

  // Equal computations of the original have equal results; one value stands for them all.
  ValueId standing_for(ValueId original) const {
    return original == kNone ? kNone : stand_ins_[original];
  }

  // `operands`: of `node`, in terms of the original, kNone where one is left out. `body` is that of
  // the original. kNone when there is no such node, or all are taken.
  NodeId find(BodyId body, const GraphNode& node, const std::vector<ValueId>& operands);

 private:
  std::string describe(const Graph& graph, BodyId body, const GraphNode& node,
                       const std::vector<ValueId>& operands);
  void add(NodeId id);

  const Graph &original_, &encrypted_;
  std::vector<ValueId> stand_ins_;
  std::map<std::string, std::vector<NodeId>> nodes_;  // last first
  std::map<const GraphNode*, NodeId> taken_;          // by nodes of which each needs its own
};

}  // namespace permcrypt::proof
