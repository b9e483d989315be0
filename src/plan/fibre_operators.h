// Through which operators may the fibres of a factor pass? See fibres.h.
#pragma once

#include <optional>

#include "permcrypt/graph.h"
#include "permcrypt/infer.h"
#include "plan/branches.h"

namespace permcrypt {

// A factor that shall take another permutation for each index of its parent.
struct Fibre {
  ExprId factor, parent;
};

// Where a value holds a factor. `facts_of` gives the branches of single axes.
class FibreView {
 public:
  FibreView(const Inference& inference, BranchTable& branches)
      : inference_(inference), branches_(branches) {}

  std::size_t rank(ValueId value) const { return inference_.values[value].axes.size(); }
  const Branches& branches(ValueId value, std::size_t axis) {
    return branches_.of(inference_.values[value].axes[axis].expr);
  }
  bool holds(ValueId value, ExprId factor) { return axis_of(value, factor).has_value(); }
  // The first axis that holds it.
  std::optional<std::size_t> axis_of(ValueId value, ExprId factor);

 private:
  const Inference& inference_;
  BranchTable& branches_;
};

// Whether the node computes the same for each index of the parent, whatever the order of the factor
// is there. REQUIRES: in all values, the factor is beside its parent, each once. Operators that are
// not in the table: no.
bool passes_fibres(const GraphNode& node, const Fibre& fibre, FibreView& view);

}  // namespace permcrypt
