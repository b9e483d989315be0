// What a rule sees: one node with its operands, and the algebra. A rule states the operator's index
// structure and nothing else; extents follow from the axes, so one rule gives shape and labels
// both.
//
// Review criterion: for every assignment P of permutations to free factors, op(P x) = P op(x).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infer/workspace.h"

namespace permcrypt {

// Thrown by a rule that does not handle this instance of its operator; caught by the driver, which
// pins the node's operands and results and reports the reason.
struct GaveUp {
  std::string reason;
};

// Two bindings of a list of integers.
struct IntsPair {
  std::vector<std::int64_t> a, b;
  bool is_static() const { return a == b; }
};

class RuleCall {
 public:
  RuleCall(Workspace& workspace, const GraphNode& node);
  virtual ~RuleCall() = default;

  const GraphNode& node;
  Workspace& ws;
  AxisStore& axes;
  Labels& labels;

  // Operands. in(k) gives up when operand k is missing or of unknown shape.
  std::size_t inputs() const { return node.inputs.size(); }
  bool has(std::size_t k) const { return k < node.inputs.size() && node.inputs[k] != kNone; }
  Operand& in(std::size_t k);
  Operand* optional(std::size_t k) { return has(k) ? &in(k) : nullptr; }
  // Gives up when the node has operands that the rule does not know.
  void at_most(std::size_t operands) const;
  int rank(std::size_t k) { return static_cast<int>(in(k).axes.size()); }

  // Attributes.
  const onnx::AttributeProto* attribute(std::string_view name) const;
  std::int64_t attr(std::string_view name, std::int64_t otherwise) const;
  double attr_real(std::string_view name, double otherwise) const;
  std::string attr_text(std::string_view name, std::string_view otherwise) const;
  std::optional<std::vector<std::int64_t>> attr_ints(std::string_view name) const;
  // An axis attribute, normalised to [0, rank); gives up when out of range.
  int attr_axis(std::string_view name, std::int64_t otherwise, int rank) const;
  int to_axis(std::int64_t axis, int rank) const;

  // The integers of operand k, whose elements thereby may not change (a shape, an index, a bound):
  // its axes are pinned. Empty when they are not known, or, unless `open`, when some are open
  // (Folded::open).
  std::optional<IntsPair> ints(std::size_t k, bool open = false);
  IntsPair require_ints(std::size_t k);  // gives up instead

  // New axes.
  Axis free(std::int64_t a, std::int64_t b);
  Axis free(std::int64_t n) { return free(n, n); }
  Axis fixed(std::int64_t a, std::int64_t b, std::string_view why);
  Axis fixed(std::int64_t n, std::string_view why) { return fixed(n, n, why); }
  Axis unknown_extent(std::string_view why);  // a dynamic extent of its own, fixed
  Axis unit() const { return Axis{}; }
  // Composites of existing axes; give up when an extent overflows.
  Axis product(const std::vector<Axis>& parts);  // major first
  Axis sum(const std::vector<Axis>& parts);
  Axis cut(const Axis& axis, std::int64_t begin, std::int64_t end);  // of a static axis
  // The head axis h and the rest of a merged axis of extent heads * rest.
  std::pair<Axis, Axis> divide(const Axis& axis, std::int64_t major);

  // Relations: whatever a rule ties or holds passes through these four. `hard`: only equal extents
  // satisfy the operator, so a dynamic dimension of an input against a static extent is solved for;
  // otherwise (broadcast) both are pinned.
  virtual void unify(const Axis& x, const Axis& y, bool hard = false);
  virtual void align(const std::vector<Axis>& x, const std::vector<Axis>& y);
  virtual void pin(const Axis& axis, std::string_view why);
  virtual void pin(Operand& operand, std::string_view why);  // all axes, and its elements
  // Two extents that had to be equal and are not: a size that is left open may be looked for there.
  void note_mismatch(const Axis& x, const Axis& y);
  // NumPy broadcast: right-aligned, unit axes have no factor. Returns the result axes.
  std::vector<Axis> broadcast(const std::vector<const std::vector<Axis>*>& operands);
  std::vector<Axis> broadcast(const std::vector<Axis>& x, const std::vector<Axis>& y) {
    return broadcast({&x, &y});
  }
  // A parameter that is a scalar, or has one element per index of `axis`.
  void per_index(Operand* parameter, const Axis& axis);

  // Results. out(k) of an output the node does not have is ignored.
  void out(std::size_t k, std::vector<Axis> axes, std::int32_t type, LabelId label = kNone);
  void out_folded(std::size_t k, FoldedPtr folded, std::int32_t type, std::string_view why);

  std::string where() const;  // "MatMul /layer.0/q_proj"
  [[noreturn]] void give_up(std::string reason) const { throw GaveUp{std::move(reason)}; }

  struct Result {
    bool set = false;
    Operand operand;
  };
  std::vector<Result> results;

 private:
  void pin_all(std::initializer_list<const std::vector<Axis>*> lists, std::string_view why);
};

}  // namespace permcrypt
