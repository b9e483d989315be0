// The numeric part of verify: equal with the key, useless without it.
#pragma once

#include <span>
#include <vector>

#include "permcrypt/verify.h"
#include "verify/tolerance.h"
#include "verify/trial.h"

namespace permcrypt {

// How far off a result is, as one number: standard deviations, or of integers the share that
// differs, over that which would differ by chance.
double error_of(const OutputDifference& difference);

// From here on a result is useless (interface.md, "Useless without the key").
inline constexpr double kUselessError = 0.3;

// With the right key the results are equal within the tolerance.
Result<Check> check_with_key(Trial& trial, std::span<const std::int32_t> key,
                             const Tolerance& tolerance, std::vector<OutputFigures>& figures);

// Without the key (identity), with 8 wrong ones, and with the token of another model, they are not,
// and the results are useless. `other`: the lock vector of another model; empty when there is none.
Result<std::vector<Check>> check_without_key(Trial& trial, std::span<const std::int32_t> other,
                                             const Tolerance& tolerance,
                                             std::vector<OutputFigures>& figures);

}  // namespace permcrypt
