// Paired caches are state in the order of the key: what goes in and comes out of an encrypted model
// has to be renumbered before it can be compared with the original's.
#pragma once

#include <vector>

#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "verify/tensor_data.h"

namespace permcrypt {

struct FibredAxis {
  std::size_t leading, axis;
  std::vector<Permutation> fibres;
};

class CacheOrder {
 public:
  CacheOrder(const Plan& plan, const std::vector<Permutation>& groups);

  // The tensors as the encrypted model takes them: pasts in its order, the rest as they are.
  std::vector<TensorData> to_encrypted(std::vector<TensorData> inputs) const;
  // The encrypted model's results in the original's order.
  std::vector<TensorData> to_plain(std::vector<TensorData> outputs) const;

 private:
  struct State {
    std::string past, present;
    std::vector<Permutation> axes;  // empty: the axis stays
    // Axes with fibres: the one that they depend on, and the permutation for each index of it.
    std::vector<FibredAxis> fibred;
  };
  std::vector<State> states_;
};

// new[..i..] = old[..axes[k][i]..] along each axis k that has a permutation. REQUIRES: their sizes
// are those of the tensor; elements of whole bytes.
TensorData renumbered(const TensorData& tensor, const std::vector<Permutation>& axes);

// new[.., h, .., i, ..] = old[.., h, .., fibres[h][i], ..]. REQUIRES: the same.
TensorData renumbered(const TensorData& tensor, const FibredAxis& fibred);

}  // namespace permcrypt
