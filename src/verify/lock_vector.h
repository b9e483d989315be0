// What bridges the locks of a model, as verify handles it: the right vector, and wrong ones of every
// kind. It is permcrypt_key, followed by the index vectors of all client maps.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/plan.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// One index vector of a lock; a client map of several axes may have several.
struct LockPart {
  std::size_t begin = 0, size = 0;
  std::size_t lock = 0;  // of Plan::locks
};
std::vector<LockPart> lock_parts(const Plan& plan);
// How many entries of it are permcrypt_key.
std::size_t key_size(const Plan& plan);
std::vector<std::int32_t> lock_vector(const Plan& plan, const std::vector<Permutation>& groups);
// Client maps with the index vectors that follow permcrypt_key in `vector`.
void set_indices(std::vector<ClientMap>& maps, std::span<const std::int32_t> vector);

TensorData key_tensor(std::span<const std::int32_t> vector);

// The identity for every lock: what a user without a key would try first.
std::vector<std::int32_t> identity_vector(std::span<const LockPart> parts);
// Another random permutation for every lock.
std::vector<std::int32_t> random_vector(std::span<const LockPart> parts, std::mt19937_64& random);

}  // namespace permcrypt
