// The one visible table of operators: domain, operator, opset range, index structure, rule.
#pragma once

#include <span>
#include <string_view>

#include "infer/rule.h"

namespace permcrypt {

struct OpRule {
  std::string_view domain;  // "" for ai.onnx
  std::string_view op;
  int since, until;  // opsets of the domain, inclusive
  // The index structure in the printed form used by reports and docs, e.g.
  // "([b,i,k],[k,j])->([b,i,j])"; for an operator that mixes indices, the reason why it pins.
  std::string_view structure;
  void (*apply)(RuleCall&);  // nullptr: operands and results stay, for the reason in `structure`
  // The rule itself says what becomes of element labels; otherwise an operator that reads labelled
  // elements pins them.
  bool handles_labels = false;
};

inline constexpr int kAnyOpset = 1 << 20;

// The rule for an operator, or nullptr when the operator is not in the table.
const OpRule* find_rule(std::string_view domain, std::string_view op, int opset);

// The whole table, family by family.
std::span<const std::span<const OpRule>> all_rules();

// How inference applies a rule to a node: as the table has it. Derived classes look on, or leave
// something out, which is how tests see that a wrong rule is noticed.
class RuleBook {
 public:
  virtual ~RuleBook() = default;
  // REQUIRES: rule.apply.
  virtual void apply(const OpRule& rule, RuleCall& call) const { rule.apply(call); }
};

// The families, one file each under rules/.
std::span<const OpRule> elementwise_rules();
std::span<const OpRule> product_rules();
std::span<const OpRule> movement_rules();
std::span<const OpRule> indexing_rules();
std::span<const OpRule> reduction_rules();
std::span<const OpRule> normalisation_rules();
std::span<const OpRule> convolution_rules();
std::span<const OpRule> pooling_rules();
std::span<const OpRule> resampling_rules();
std::span<const OpRule> quantisation_rules();
std::span<const OpRule> block_weight_rules();
std::span<const OpRule> moe_rules();
std::span<const OpRule> attention_rules();
std::span<const OpRule> attention_projected_rules();
std::span<const OpRule> attention_multihead_rules();
std::span<const OpRule> attention_grouped_rules();
std::span<const OpRule> embedding_rules();
std::span<const OpRule> generator_rules();
std::span<const OpRule> control_flow_rules();
std::span<const OpRule> recurrent_rules();
std::span<const OpRule> selection_rules();
std::span<const OpRule> estimator_rules();
std::span<const OpRule> mixing_rules();
std::span<const OpRule> lock_rules();

}  // namespace permcrypt
