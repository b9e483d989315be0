#include "infer/wrong_rules.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace permcrypt::testing {
namespace {

// Keeps one relation to itself.
class ForgetfulCall : public RuleCall {
 public:
  ForgetfulCall(const OpRule& rule, const RuleCall& call, std::size_t n, Dropped& dropped)
      : RuleCall(call.ws, call.node), rule_(rule), forgotten_(n), dropped_(dropped) {}

  void unify(const Axis& x, const Axis& y, bool hard) override {
    if (!forgets()) return RuleCall::unify(x, y, hard);
    drop(axes.show(x.expr) != axes.show(y.expr), "unify");
  }
  void align(const std::vector<Axis>& x, const std::vector<Axis>& y) override {
    if (!forgets()) return RuleCall::align(x, y);
    drop(show(x) != show(y), "align");
  }
  void pin(const Axis& axis, std::string_view why) override {
    if (!forgets()) return RuleCall::pin(axis, why);
    drop(axes.any_free(axis.expr), why);
  }
  void pin(Operand& operand, std::string_view why) override {
    if (!forgets()) return RuleCall::pin(operand, why);
    // Otherwise the driver pins the labels of all operands.
    const bool labelled = rule_.handles_labels && operand.label != kNone &&
                          labels.source(operand.label) != LabelSource::kOpaque;
    const bool moves =
        std::ranges::any_of(operand.axes, [&](const Axis& a) { return axes.any_free(a.expr); });
    drop(labelled || moves, why);
  }

 private:
  bool forgets() { return relations_++ == forgotten_; }
  void drop(bool news, std::string_view what) {
    dropped_ = {dropped_.times + 1, news, std::string(what)};
  }
  std::string show(const std::vector<Axis>& list) {
    std::string out;
    for (const Axis& axis : list) out += axes.show(axis.expr) + " ";
    return out;
  }

  const OpRule& rule_;
  std::size_t relations_ = 0, forgotten_;
  Dropped& dropped_;
};

}  // namespace

Mistake without_relation(std::size_t n, Dropped* dropped) {
  return [n, dropped](const OpRule& rule, RuleCall& call) {
    Dropped here;
    ForgetfulCall forgetful(rule, call, n, dropped ? *dropped : here);
    rule.apply(forgetful);
    call.results = std::move(forgetful.results);
  };
}

void with_loose_result(const OpRule& rule, RuleCall& call) {
  rule.apply(call);
  for (Axis& axis : call.results.at(0).operand.axes) axis = call.free(axis.a, axis.b);
}

}  // namespace permcrypt::testing
