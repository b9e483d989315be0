#include "proof/definitions.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace permcrypt::proof {
namespace {

const Entry* find_entry(std::string_view domain, std::string_view op) {
  static const auto index = [] {
    std::unordered_map<std::string, const Entry*> map;
    for (const auto family :
         {elementwise_definitions(), product_definitions(), shape_definitions(),
          reshape_definitions(), part_definitions(), index_definitions(), reduction_definitions(),
          normalisation_definitions(), generator_definitions(), convolution_definitions(),
          quantisation_definitions(), attention_definitions(), embedding_definitions(),
          packed_definitions(), recurrent_definitions(), expert_definitions(),
          selection_definitions(), sampling_definitions(), channels_last_definitions()}) {
      for (const Entry& entry : family) {
        map.emplace(std::string(entry.domain) + "." + std::string(entry.op), &entry);
      }
    }
    return map;
  }();
  const auto found = index.find(std::string(domain) + "." + std::string(op));
  return found == index.end() ? nullptr : found->second;
}

constexpr std::size_t kMaxFolded = 1u << 16;

// Whether the elements can be known: a constant and small number of integers.
bool can_be_folded(const Step& s, const Claim& result) {
  using T = onnx::TensorProto;
  if (result.type != T::INT64 && result.type != T::INT32 && result.type != T::BOOL) return false;
  std::int64_t count = 1;
  for (const Axis& axis : *result.axes) {
    const auto extent = s.terms.value(axis.extent);
    if (!extent || *extent < 0 || *extent > static_cast<std::int64_t>(kMaxFolded)) return false;
    count *= *extent;
    if (count > static_cast<std::int64_t>(kMaxFolded)) return false;
  }
  return true;
}

}  // namespace

std::vector<Claim> define(Store& store, const GraphNode& node,
                          const std::vector<const Claim*>& operands) {
  const Entry* entry = find_entry(node.domain, node.op);
  if (!entry) throw NotUnderstood{"no definition"};
  Step step(store, node, operands);
  if (node.outputs.empty()) return {};
  entry->definition(step);
  auto& first = step.results.at(0);
  if (first && first->axes && can_be_folded(step, *first)) {
    if (auto ints = fold(step)) first->ints = std::make_shared<const Ints>(*std::move(ints));
  }
  if (first && first->axes) {
    if (auto ramp = find_ramp(step)) first->ramp = std::make_shared<const Ramp>(*std::move(ramp));
  }
  const bool same = std::ranges::all_of(operands, [](const Claim* c) { return !c || c->same(); });
  std::vector<Claim> out;
  for (auto& result : step.results) {
    // A result that a definition says nothing of is known only if nothing differed.
    out.push_back(result ? *std::move(result) : Claim::nothing());
    if (!result) out.back().related = same;
  }
  return out;
}

}  // namespace permcrypt::proof
