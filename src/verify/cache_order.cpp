#include "verify/cache_order.h"

#include <cstring>

namespace permcrypt {

namespace {

// Of a ':', what is behind each index of the leading axis.
std::vector<Permutation> fibres_of(const AxisMap& both, const std::vector<Permutation>& groups) {
  const Permutation whole = axis_permutation(both, groups);
  const std::size_t count = both.parts[0].extent, size = both.parts[1].extent;
  std::vector<Permutation> fibres(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint32_t> fibre;
    for (std::size_t j = 0; j < size; ++j) {
      fibre.push_back(whole[i * size + j] % static_cast<std::uint32_t>(size));
    }
    fibres[whole[i * size] / size] = Permutation(std::move(fibre));
  }
  return fibres;
}

FibredAxis inverse(FibredAxis fibred) {
  for (Permutation& fibre : fibred.fibres) fibre = fibre.inverse();
  return fibred;
}

}  // namespace

CacheOrder::CacheOrder(const Plan& plan, const std::vector<Permutation>& groups) {
  for (const PlanCache& cache : plan.caches) {
    State state{cache.past, cache.present, {}, {}};
    for (std::size_t k = 0; k < cache.axes.size(); ++k) {
      const AxisMap& axis = cache.axes[k];
      const bool fibred = cache.leading_of(k) != kNone;
      if (fibred) state.fibred.push_back({cache.leading_of(k), k, fibres_of(axis, groups)});
      state.axes.push_back(axis.moves() && !fibred ? axis_permutation(axis, groups)
                                                   : Permutation());
    }
    states_.push_back(std::move(state));
  }
}

std::vector<TensorData> CacheOrder::to_encrypted(std::vector<TensorData> inputs) const {
  for (const State& state : states_) {
    for (TensorData& tensor : inputs) {
      if (tensor.name != state.past) continue;
      for (const FibredAxis& fibred : state.fibred) tensor = renumbered(tensor, fibred);
      tensor = renumbered(tensor, state.axes);
    }
  }
  return inputs;
}

std::vector<TensorData> CacheOrder::to_plain(std::vector<TensorData> outputs) const {
  for (const State& state : states_) {
    std::vector<Permutation> back;
    for (const Permutation& axis : state.axes) back.push_back(axis.inverse());
    for (TensorData& tensor : outputs) {
      if (tensor.name != state.present) continue;
      tensor = renumbered(tensor, back);
      for (const FibredAxis& fibred : state.fibred) tensor = renumbered(tensor, inverse(fibred));
    }
  }
  return outputs;
}

TensorData renumbered(const TensorData& tensor, const FibredAxis& fibred) {
  TensorData out = tensor;
  std::size_t inside_axis = tensor.bytes.size(), inside_leading = inside_axis;
  for (std::size_t k = 0; k < tensor.shape.size() && !tensor.bytes.empty(); ++k) {
    const auto extent = static_cast<std::size_t>(tensor.shape[k]);
    if (k <= fibred.axis) inside_axis /= extent;
    if (k <= fibred.leading) inside_leading /= extent;
  }
  if (fibred.fibres.empty() || inside_axis == 0) return out;
  const std::size_t count = fibred.fibres.size(), size = fibred.fibres[0].size();
  for (std::size_t at = 0; at < tensor.bytes.size(); at += inside_axis) {
    const std::size_t i = at / inside_axis % size;
    const Permutation& fibre = fibred.fibres[at / inside_leading % count];
    std::memcpy(out.bytes.data() + at, tensor.bytes.data() + at + (fibre[i] - i) * inside_axis,
                inside_axis);
  }
  return out;
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
