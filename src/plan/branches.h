// Which factors number an element together? An element's coordinates choose one arm of each sum on
// its axes, and an index of each factor that is left: a branch.
#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "permcrypt/axis.h"

namespace permcrypt {

struct Branches {
  // How often a free factor is on a branch.
  struct Count {
    int least = 0, most = 0;
  };
  // Of a free factor: those that are on each of its branches once.
  struct Company {
    std::set<ExprId> with;
    std::set<ExprId> before;  // of these, those that are a whole part of a product before it
    bool once = true;         // no branch has the factor itself twice
  };
  std::map<ExprId, Count> counts;
  std::map<ExprId, Company> company;

  bool has(ExprId factor) const { return counts.contains(factor); }
};

class BranchTable {
 public:
  explicit BranchTable(AxisStore& axes) : axes_(axes) {}

  const Branches& of(ExprId axis);  // resolved or not; the reference stays valid
  Branches of(std::span<const ExprId> axes);

 private:
  Branches of_sum(const std::vector<ExprId>& arms);

  AxisStore& axes_;
  std::map<ExprId, Branches> known_;
};

}  // namespace permcrypt
