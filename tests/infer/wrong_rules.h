// Rules that are wrong on purpose, for tests that must notice them. The product has no switch for
// this: inference takes a rule book, and this one errs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "infer/registry.h"

namespace permcrypt::testing {

// What happens in place of an operator's rule.
using Mistake = std::function<void(const OpRule&, RuleCall&)>;

// What was left out, when it was last.
struct Dropped {
  int times = 0;
  bool news = false;  // it was not implied by what had been said before
  std::string what;   // "unify", "align", or why to pin
};

// The rule, but for the n-th of the relations (unify, align, pin) that it states.
Mistake without_relation(std::size_t n, Dropped* dropped = nullptr);
// The rule, but its result 0 has axes of its own instead of its operand's.
void with_loose_result(const OpRule& rule, RuleCall& call);

// The table with a mistake in one operator.
class WrongRules : public RuleBook {
 public:
  WrongRules(std::string_view op, Mistake mistake) : op_(op), mistake_(std::move(mistake)) {}

  void apply(const OpRule& rule, RuleCall& call) const override {
    rule.op == op_ ? mistake_(rule, call) : rule.apply(call);
  }

 private:
  std::string op_;
  Mistake mistake_;
};

}  // namespace permcrypt::testing
