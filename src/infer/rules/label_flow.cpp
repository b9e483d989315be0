#include "infer/rules/label_flow.h"

namespace permcrypt {

bool is_small_constant(const Operand& o) {
  constexpr std::size_t kFewElements = 16;
  return o.folded && o.folded->is_static() && o.folded->a.integral &&
         o.folded->a.size() <= kFewElements;
}

LabelId merge_labels(RuleCall& c, const std::vector<std::size_t>& operands) {
  LabelId merged = kNone;
  for (const std::size_t k : operands) {
    const Operand& x = c.in(k);
    if (!is_index_type(x.type)) return kNone;
    if (x.label == kNone || is_small_constant(x)) continue;
    merged = merged == kNone ? x.label : c.labels.join(merged, x.label);
  }
  for (const std::size_t k : operands) {
    const Operand& x = c.in(k);
    if (!is_small_constant(x)) continue;
    if (merged == kNone) merged = c.labels.add(LabelSource::kFill);
    for (const std::int64_t v : x.folded->a.ints) c.labels.hold(merged, v);
    if (x.label != kNone) c.labels.pin(x.label, "a single value");
  }
  return merged;
}

std::optional<std::vector<std::int64_t>> axes_argument(RuleCall& c, std::size_t k) {
  if (const auto axes = c.attr_ints("axes")) return axes;
  if (!c.has(k)) return std::nullopt;
  const IntsPair axes = c.require_ints(k);
  if (!axes.is_static()) c.give_up("dynamic axes");
  return axes.a;
}

}  // namespace permcrypt
