#include <algorithm>
#include <string_view>

#include "base/checked.h"
#include "infer/fold_operators.h"
#include "infer/folded.h"

namespace permcrypt {
namespace {

using Results = FoldResults;

// Other remainders than the second binding leaves.
void change_remainders(const Results& b, Results& c, const SmallTensor& divisor) {
  if (b.empty() || c.empty() || !b[0] || !c[0] || !c[0]->integral || divisor.ints.empty()) return;
  for (std::size_t i = 0; i < c[0]->ints.size(); ++i) {
    if (c[0]->ints[i] != b[0]->ints[i]) continue;
    const auto next = checked_add(c[0]->ints[i], std::int64_t{1});
    if (const auto other = next ? modulo(*next, divisor.ints[0]) : std::nullopt) {
      c[0]->ints[i] = *other;
    }
  }
}

bool needs_static(std::string_view op) {
  return op == "Range" || op == "ConstantOfShape" || op == "Expand" || op == "Tile" ||
         op == "Pad" || op == "Resize";
}

bool too_large(const std::optional<SmallTensor>& t) {
  return t && t->size() > (t->integral ? kMaxFoldedInts : kMaxFoldedReals);
}

// Result i under all bindings, if it has one shape.
FoldedPtr combine(const Results& a, const Results& b, const Results& c, std::size_t i) {
  for (const Results* r : {&a, &b, &c}) {
    if (i >= r->size() || !(*r)[i] || too_large((*r)[i]) || (*r)[i]->shape != a[i]->shape) {
      return nullptr;
    }
  }
  Folded f{*a[i], {}, {}};
  if (*b[i] != *a[i]) f.b = b[i];
  if (*c[i] != *b[i]) f.c = c[i];
  return std::make_shared<const Folded>(std::move(f));
}

}  // namespace

std::vector<std::optional<SmallTensor>> evaluate(const GraphNode& node, FoldOperands in) {
  if (in.empty() || !in[0] || int_attribute(node, "fmod", 0) != 0) return {};
  if (auto results = fold_elementwise(node, in)) return *std::move(results);
  return fold_structure(node, in).value_or(Results());
}

std::vector<FoldedPtr> fold(const GraphNode& node, std::span<const FoldedPtr> operands) {
  const bool all_static = std::all_of(operands.begin(), operands.end(),
                                      [](const FoldedPtr& f) { return !f || f->is_static(); });
  if (!all_static && needs_static(node.op)) return {};
  if ((node.op == "Min" || node.op == "Max") && operands.size() == 2 && operands[0] &&
      operands[1] && operands[0]->is_static() != operands[1]->is_static()) {
    return {operands[operands[0]->is_static() ? 1 : 0]};  // a static bound is assumed not to bind
  }
  const auto run = [&](int binding) {
    std::vector<const SmallTensor*> in;
    for (const FoldedPtr& f : operands) in.push_back(f ? &f->at(binding) : nullptr);
    return evaluate(node, in);
  };
  const Results a = run(0);
  const Results b = all_static ? a : run(1);
  Results c = all_static ? a : run(2);
  if (node.op == "Mod" && !all_static && operands.size() == 2 && operands[1]) {
    change_remainders(b, c, operands[1]->at(1));
  }
  std::vector<FoldedPtr> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = combine(a, b, c, i);
  return out;
}

}  // namespace permcrypt
