// The numeric part of verify: equal with the key, useless without it.
#pragma once

#include <vector>

#include "permcrypt/verify.h"
#include "verify/trial.h"

namespace permcrypt {

// How far the results may differ for rounding alone, in standard deviations of the output:
// reassociating a sum of K terms moves it by about u sqrt(K), and n operators in sequence add up
// like a random walk, u sqrt(K n), with u the unit roundoff of the narrowest arithmetic of the
// model. Statically quantised activations add one quantisation step where a rounding flips.
struct Tolerance {
  double value = 0;
  std::string derivation;  // "2^-24 x sqrt(384 x 310)"
};
Tolerance derive_tolerance(const onnx::ModelProto& structure, const Plan& plan);

// With the right key the results are equal within the tolerance.
Result<Check> check_with_key(Trial& trial, std::span<const std::int32_t> key,
                             const Tolerance& tolerance, std::vector<OutputFigures>& figures);

// Without the key (identity), with 8 wrong ones, and with one swap among entries that the samples
// exercise, they are not, and the wrong ones are useless (interface.md, "Useless without the key").
Result<std::vector<Check>> check_without_key(Trial& trial, std::span<const std::int32_t> key,
                                             const Tolerance& tolerance,
                                             std::vector<OutputFigures>& figures);

}  // namespace permcrypt
