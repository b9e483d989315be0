#include "infer/wrong_rules.h"

#include <utility>

namespace permcrypt::testing {
namespace {

// Keeps one relation to itself.
class ForgetfulCall : public RuleCall {
 public:
  ForgetfulCall(const RuleCall& call, std::size_t n)
      : RuleCall(call.ws, call.node), forgotten_(n) {}

  void unify(const Axis& x, const Axis& y, bool hard) override {
    if (next() != forgotten_) RuleCall::unify(x, y, hard);
  }
  void align(const std::vector<Axis>& x, const std::vector<Axis>& y) override {
    if (next() != forgotten_) RuleCall::align(x, y);
  }
  void pin(const Axis& axis, std::string_view why) override {
    if (next() != forgotten_) RuleCall::pin(axis, why);
  }
  void pin(Operand& operand, std::string_view why) override {
    if (next() != forgotten_) RuleCall::pin(operand, why);
  }

  bool forgot() const { return relations_ > forgotten_; }

 private:
  std::size_t next() { return relations_++; }

  std::size_t relations_ = 0, forgotten_;
};

}  // namespace

Mistake without_relation(std::size_t n, int* dropped) {
  return [n, dropped](const OpRule& rule, RuleCall& call) {
    ForgetfulCall forgetful(call, n);
    rule.apply(forgetful);
    call.results = std::move(forgetful.results);
    if (dropped) *dropped += forgetful.forgot();
  };
}

void with_loose_result(const OpRule& rule, RuleCall& call) {
  rule.apply(call);
  for (Axis& axis : call.results.at(0).operand.axes) axis = call.free(axis.a, axis.b);
}

}  // namespace permcrypt::testing
