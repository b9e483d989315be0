#include "infer/registry.h"

#include <array>
#include <string>
#include <unordered_map>

namespace permcrypt {

std::span<const std::span<const OpRule>> all_rules() {
  static const std::array families = {
      elementwise_rules(),
      product_rules(),
      movement_rules(),
      indexing_rules(),
      reduction_rules(),
      normalisation_rules(),
      convolution_rules(),
      pooling_rules(),
      resampling_rules(),
      quantisation_rules(),
      block_weight_rules(),
      moe_rules(),
      attention_rules(),
      attention_projected_rules(),
      attention_multihead_rules(),
      attention_grouped_rules(),
      embedding_rules(),
      recurrent_rules(),
      generator_rules(),
      control_flow_rules(),
      selection_rules(),
      estimator_rules(),
      mixing_rules(),
      lock_rules(),
  };
  return families;
}

const OpRule* find_rule(std::string_view domain, std::string_view op, int opset) {
  static const auto index = [] {
    std::unordered_multimap<std::string, const OpRule*> map;
    for (const auto family : all_rules()) {
      for (const OpRule& rule : family) {
        map.emplace(std::string(rule.domain) + "." + std::string(rule.op), &rule);
      }
    }
    return map;
  }();
  const auto [begin, end] = index.equal_range(std::string(domain) + "." + std::string(op));
  for (auto it = begin; it != end; ++it) {
    if (it->second->since <= opset && opset <= it->second->until) return it->second;
  }
  return nullptr;
}

}  // namespace permcrypt
