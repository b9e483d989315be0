#include "report/cache_sides.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/quote.h"

namespace permcrypt {
namespace {

bool looks_like_cache(const ValueFacts& facts) {
  using T = onnx::TensorProto;
  const bool is_float =
      facts.type == T::FLOAT || facts.type == T::FLOAT16 || facts.type == T::BFLOAT16;
  return is_float && facts.known && facts.axes.size() == 4 && facts.axes[0].dynamic() &&
         !facts.axes[1].dynamic() && facts.axes[2].dynamic() && !facts.axes[3].dynamic();
}

std::vector<ValueId> unpaired(const Analysis& analysis, const std::vector<ValueId>& values,
                              const std::set<ValueId>& paired) {
  std::vector<ValueId> out;
  std::ranges::copy_if(values, std::back_inserter(out), [&](ValueId value) {
    return !paired.contains(value) && looks_like_cache(analysis.locked.inference.values[value]);
  });
  return out;
}

// What comes out may stand behind a lock, where values have no name of the model's.
std::string output_name(const Analysis& analysis, ValueId value) {
  const auto& outputs = analysis.locked.graph.bodies[0].outputs;
  const auto k = std::ranges::find(outputs, value) - outputs.begin();
  return analysis.model->structure.graph().output(static_cast<int>(k)).name();
}

}  // namespace

std::vector<std::string> warn_of_one_sided_caches(const Analysis& analysis) {
  const LockedGraph& locked = analysis.locked;
  std::set<ValueId> paired;
  for (const CachePair& pair : locked.inference.caches) paired.insert({pair.past, pair.present});
  const GraphBody& main = locked.graph.bodies[0];
  const auto taken = unpaired(analysis, main.inputs, paired);
  const auto emitted = unpaired(analysis, main.outputs, paired);
  const bool one_sided = taken.empty() != emitted.empty() && taken.size() + emitted.size() > 1;
  if (!one_sided) return {};
  return {std::string("the model only ") + (taken.empty() ? "emits" : "takes") +
          " caches such as " +
          in_quotes(taken.empty() ? output_name(analysis, emitted.front())
                                  : locked.graph.values[taken.front()].name.str()) +
          ": if another file goes with it, encrypt both with --cache plain"};
}

}  // namespace permcrypt
