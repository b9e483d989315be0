#include "verify/cache_order.h"

#include <algorithm>
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
  const auto extent = [&](std::size_t axis) {
    return axis < tensor.shape.size() ? static_cast<std::size_t>(tensor.shape[axis]) : 0;
  };
  const std::size_t count = fibred.fibres.size();
  if (tensor.bytes.empty() || count == 0 || extent(fibred.leading) != count ||
      extent(fibred.axis) != fibred.fibres[0].size()) {
    return out;
  }
  const auto bytes_of_one_index = [&](std::size_t axis) {
    std::size_t bytes = tensor.bytes.size();
    for (std::size_t k = 0; k <= axis; ++k) bytes /= extent(k);
    return bytes;
  };
  const std::size_t one = bytes_of_one_index(fibred.axis),
                    one_leading = bytes_of_one_index(fibred.leading),
                    run = std::min(one, one_leading);
  for (std::size_t at = 0; at < tensor.bytes.size(); at += run) {
    const std::size_t i = at / one % extent(fibred.axis);
    const std::size_t from = fibred.fibres[at / one_leading % count][i];
    std::memcpy(out.bytes.data() + at, tensor.bytes.data() + at - i * one + from * one, run);
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
