// Keys that are nearly right: with some entries exchanged, or with one lock that is wrong. A
// permutation key degrades gracefully, and locks are unequal: this measures by how much.
#pragma once

#include <span>
#include <vector>

#include "permcrypt/verify.h"
#include "verify/tolerance.h"
#include "verify/trial.h"

namespace permcrypt {

// The right key with 1, 2, 4, ... exchanged pairs in each lock, among entries that the inputs use,
// until no lock has room for more: the curve goes into `curve`. One exchanged pair must show, or
// the check of equality would not notice a slightly wrong key.
Result<Check> check_swaps(Trial& trial, std::span<const std::int32_t> key,
                          const Tolerance& tolerance, std::size_t most_samples,
                          std::vector<SwapFigures>& curve);

// Each lock random while the rest is right, for at most 16 locks, spread evenly. A note: locks may
// well be worth little alone, where others make up for it.
Result<Check> measure_locks(Trial& trial, std::span<const std::int32_t> key,
                            std::size_t most_samples, std::vector<LockFigures>& locks);

}  // namespace permcrypt
