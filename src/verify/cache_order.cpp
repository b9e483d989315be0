#include "verify/cache_order.h"

#include <cstring>

namespace permcrypt {

CacheOrder::CacheOrder(const Plan& plan, const std::vector<Permutation>& groups) {
  for (const PlanCache& cache : plan.caches) {
    State state{cache.past, cache.present, {}};
    for (const AxisMap& axis : cache.axes) {
      state.axes.push_back(axis.moves() ? axis_permutation(axis, groups) : Permutation());
    }
    states_.push_back(std::move(state));
  }
}

std::vector<TensorData> CacheOrder::to_encrypted(std::vector<TensorData> inputs) const {
  for (const State& state : states_) {
    for (TensorData& tensor : inputs) {
      if (tensor.name == state.past) tensor = renumbered(tensor, state.axes);
    }
  }
  return inputs;
}

std::vector<TensorData> CacheOrder::to_plain(std::vector<TensorData> outputs) const {
  for (const State& state : states_) {
    std::vector<Permutation> inverse;
    for (const Permutation& axis : state.axes) inverse.push_back(axis.inverse());
    for (TensorData& tensor : outputs) {
      if (tensor.name == state.present) tensor = renumbered(tensor, inverse);
    }
  }
  return outputs;
}

TensorData renumbered(const TensorData& tensor, const std::vector<Permutation>& axes) {
  TensorData out = tensor;
  std::size_t run = tensor.bytes.size();  // bytes of one index of the axes so far
  for (std::size_t k = 0; k < axes.size() && k < tensor.shape.size() && !tensor.bytes.empty();
       ++k) {
    const auto extent = static_cast<std::size_t>(tensor.shape[k]);
    run /= extent;
    if (axes[k].size() != extent) continue;
    const std::string from = out.bytes;
    for (std::size_t block = 0; block < from.size() / (run * extent); ++block) {
      const std::size_t base = block * extent * run;
      for (std::size_t i = 0; i < extent; ++i) {
        std::memcpy(out.bytes.data() + base + i * run, from.data() + base + axes[k][i] * run, run);
      }
    }
  }
  return out;
}

}  // namespace permcrypt
