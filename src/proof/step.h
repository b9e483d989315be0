// One node, seen by the definition of its operator: claims of its operands in, claims of its
// results out.
//
// A definition says for each result axis where its elements come from. It is right when, for all
// inputs: if the claims of the operands hold, those of the results do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proof/claim.h"
#include "proof/finding.h"

namespace permcrypt::proof {

using Axes = std::vector<Axis>;
using Ints = std::vector<TermId>;

bool has_fibres(const Orders& orders, const Axes& axes);
// The axes; throws where an order depends on another axis.
const Axes& unfibred(const Orders& orders, const Axes& axes);

// What lasts longer than one node.
struct Store {
  explicit Store(const Graph& encrypted) : graph(encrypted), orders(terms) {}

  const Graph& graph;  // the encrypted one
  Terms terms;
  Orders orders;
  std::set<std::string> assumptions;  // on which equality rests
  // Users renumber their data: an order that does not come apart in a Reshape may be one of several
  // axes, and no contradiction. It is one where it meets another order later.
  bool joint_orders = false;
};

class Step {
 public:
  Step(Store& store, const GraphNode& node, std::vector<const Claim*> operands);

  const GraphNode& node;
  const Graph& graph;
  Terms& terms;
  Orders& orders;
  std::set<std::string>& assumptions;
  const bool joint_orders;  // several axes may have one

  // Operands. The functions that return axes or a claim throw when the operand is missing, of
  // unknown shape, packed, or renumbered in its elements.
  std::size_t operands() const { return operands_.size(); }
  bool has(std::size_t k) const { return k < operands_.size() && operands_[k] != nullptr; }
  const Claim& claim(std::size_t k) const;  // as it is: anything but missing
  const Axes& axes(std::size_t k) const;
  // The same, for definitions that know what becomes of orders that depend on another axis.
  const Axes& fibred_axes(std::size_t k) const;
  std::size_t rank(std::size_t k) const { return axes(k).size(); }
  // Elements of operand k, which must be plain in every respect, and a short list of integers. What
  // is not known gets a name.
  const Ints& ints(std::size_t k);
  // The same of the original, in whatever order the operand is.
  const Ints& original_ints(std::size_t k);
  std::int64_t integer(std::size_t k);  // a constant scalar or list of one
  std::vector<std::int64_t> constants(std::size_t k);
  std::optional<std::vector<double>> reals(std::size_t k) const;  // of a constant
  void must_be_plain(std::size_t k) const;                        // where there is such an operand
  std::int32_t type(std::size_t k) const { return has(k) ? operands_[k]->type : 0; }

  // Attributes.
  const onnx::AttributeProto* attribute(std::string_view name) const;
  std::int64_t attr(std::string_view name, std::int64_t otherwise) const;
  double attr_real(std::string_view name, double otherwise) const;
  std::string attr_text(std::string_view name, std::string_view otherwise) const;
  std::optional<std::vector<std::int64_t>> attr_ints(std::string_view name) const;
  // Given as an attribute in older opsets, as operand k in later ones.
  std::optional<std::vector<std::int64_t>> ints_given(std::string_view name, std::size_t k);
  std::optional<std::vector<std::int64_t>> attr_tensor(std::string_view name) const;  // integers
  std::size_t axis(std::int64_t axis, std::size_t rank) const;  // negative from the end

  // Axes.
  Axis unit() const { return {terms.constant(1), kPlain, kDistinct}; }
  Axis plain(TermId extent) const { return {extent, kPlain, kDistinct}; }
  Axis counted(std::int64_t extent) const { return plain(terms.constant(extent)); }
  Axis repeated(TermId extent) const { return {extent, kPlain, kAllSame}; }
  bool is_unit(const Axis& axis) const { return terms.is(axis.extent, 1); }
  // The axis must be in the order of the original: its position has a meaning. What comes out may
  // differ from position to position.
  Axis in_order(const Axis& axis) const;
  Axes broadcast(const Axes& x, const Axes& y) const;  // NumPy: aligned at the end
  // The axis that leads others of the operand; nothing where none does.
  static std::optional<std::size_t> lead_of(const Axes& operand);
  // The axis that leads the operand's becomes this one of the result.
  void follow(const Axes& operand, const Axis& lead) const;
  // All elements along these axes share a statistic. Where the order on one depends on another, it
  // must not be on one that is left out.
  void must_share(const Axes& operand, std::size_t first, std::size_t last) const;
  // A parameter of one element, or one for each index of `axis`.
  void per_index(std::size_t k, const Axis& axis) const;
  // Axes of one extent, known from the operator: where the extent of one is not known, the other's.
  Axis equal_extents(const Axis& x, const Axis& y) const;
  // Heads x rest, and back. The rest may only depend on the head where the definition knows of it.
  std::pair<Axis, Axis> divide(const Axis& axis, TermId major, TermId minor) const;
  std::pair<Axis, Axis> divide_in_fibres(const Axis& axis, TermId major, TermId minor) const;
  Axis product(const Axes& parts) const;
  Axis cut(const Axis& axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1) const;

  // Results. Where orders depend on another axis, one of the result must lead.
  Claim& out(std::size_t k, Axes axes, std::int32_t type);

  // Joint axes. As one axis behind those before it: of the operand whose axes are joint, or of
  // another whose axes in these places, from the end, are all units.
  bool is_joint(std::size_t k) const { return has(k) && claim(k).joint; }
  Axes with_one(std::size_t k, std::size_t joint_axes) const;
  std::size_t joint_axes(std::size_t k) const {
    return claim(k).axes->size() - claim(k).joint_from;
  }
  // A result whose last axis stands for axes of these extents.
  void out_joint(std::size_t k, Axes axes, const std::vector<TermId>& extents, std::int32_t type);
  std::vector<TermId> joint_extents(std::size_t k) const;

  std::vector<std::optional<Claim>> results;

 private:
  std::vector<const Claim*> operands_;  // null where one is left out
  std::map<std::size_t, Ints> named_;   // elements that are not known
  Claim ignored_;                       // a result that the node does not have
};

using Definition = void (*)(Step&);

}  // namespace permcrypt::proof
