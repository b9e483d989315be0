// Reductions drop a factor; what they reduce over may be in any order.
#include "infer/registry.h"
#include "infer/rules/label_flow.h"

namespace permcrypt {
namespace {

void reduce(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto axes = axes_argument(c, 1);
  std::vector<bool> reduced(x.axes.size(), false);
  if (!axes || axes->empty()) {
    reduced.assign(x.axes.size(), c.attr("noop_with_empty_axes", 0) == 0);
  } else {
    for (const std::int64_t k : *axes)
      reduced[static_cast<std::size_t>(c.to_axis(k, c.rank(0)))] = true;
  }
  const bool keep = c.attr("keepdims", 1) != 0;
  std::vector<Axis> out;
  for (std::size_t i = 0; i < x.axes.size(); ++i) {
    if (!reduced[i]) {
      out.push_back(x.axes[i]);
    } else if (keep) {
      out.push_back(c.unit());
    }
  }
  c.out(0, std::move(out), x.type);
}

// The axis is normalised over, in any order of its indices.
void keeps_shape(RuleCall& c) { c.out(0, c.in(0).axes, c.in(0).type); }

// Before opset 13 these flatten to 2-D at `axis` and normalise over all that follows: still
// symmetric in every one of those axes.
constexpr auto kNormalise = "([i,j])->([i,j])";

void cumulative(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto axis = c.ints(1);
  const bool known = axis && axis->a.size() == 1 && axis->is_static();
  const auto k = static_cast<std::size_t>(known ? c.to_axis(axis->a[0], c.rank(0)) : 0);
  for (std::size_t i = 0; i < x.axes.size(); ++i) {
    if (i == k || !known) c.pin(x.axes[i], "order matters to " + c.node.op);
  }
  c.out(0, x.axes, x.type);
}

void hardmax(RuleCall& c) {
  const Operand& x = c.in(0);
  c.pin(x.axes[static_cast<std::size_t>(c.attr_axis("axis", -1, c.rank(0)))], "ties of Hardmax");
  c.out(0, x.axes, x.type);
}

// The first of all that follows `axis`.
void flat_hardmax(RuleCall& c) {
  const Operand& x = c.in(0);
  auto k = static_cast<std::size_t>(c.attr_axis("axis", 1, c.rank(0)));
  for (; k < x.axes.size(); ++k) c.pin(x.axes[k], "ties of Hardmax");
  c.out(0, x.axes, x.type);
}

const OpRule kRules[] = {
#define REDUCE(name) \
  { "", name, 1, kAnyOpset, "([i,j])->([i])", reduce }
    REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),
    REDUCE("ReduceLogSum"),
    REDUCE("ReduceLogSumExp"),
    REDUCE("ReduceMax"),
    REDUCE("ReduceMean"),
    REDUCE("ReduceMin"),
    REDUCE("ReduceProd"),
    REDUCE("ReduceSum"),
    REDUCE("ReduceSumSquare"),
#undef REDUCE
    {"", "Softmax", 1, kAnyOpset, kNormalise, keeps_shape},
    {"", "LogSoftmax", 1, kAnyOpset, kNormalise, keeps_shape},
    {"", "LpNormalization", 1, kAnyOpset, kNormalise, keeps_shape},
    {"", "Hardmax", 1, 12, "([i,!j,!k])->([i,!j,!k]): ties go to the first index", flat_hardmax},
    {"", "Hardmax", 13, kAnyOpset, "([i,!j])->([i,!j]): ties go to the first index", hardmax},
    {"", "CumSum", 11, kAnyOpset, "([i,!j])->([i,!j]): a running sum depends on order", cumulative},
    {"", "CumProd", 24, kAnyOpset, "([i,!j])->([i,!j]): a running product depends on order",
     cumulative},
};

}  // namespace

std::span<const OpRule> reduction_rules() { return kRules; }

}  // namespace permcrypt
