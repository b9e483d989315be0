// permcrypt_key as verify handles it: the right vector, and wrong ones of every kind.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "permcrypt/plan.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Where each lock's indices lie in permcrypt_key.
struct LockPart {
  std::size_t begin = 0, size = 0;
};
std::vector<LockPart> lock_parts(const Plan& plan);

TensorData key_tensor(std::span<const std::int32_t> vector);

// The identity for every lock: what a user without a key would try first.
std::vector<std::int32_t> identity_vector(std::span<const LockPart> parts);
// Another random permutation for every lock.
std::vector<std::int32_t> random_vector(std::span<const LockPart> parts, std::mt19937_64& random);

}  // namespace permcrypt
