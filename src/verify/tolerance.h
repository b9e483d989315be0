// How far two results may differ for rounding alone.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "permcrypt/plan.h"

namespace permcrypt {

// In standard deviations of the output: reassociating a sum of K terms moves it by about u sqrt(K),
// and n operators in sequence add up like a random walk, u sqrt(K n), with u the unit roundoff of
// the narrowest arithmetic of the model. Quantised activations move by a step of 8 bits where a
// rounding flips; what flips in one operator makes others flip behind it, which adds up in the same
// way.
struct Tolerance {
  double value = 0;
  std::string derivation;  // "2^-24 x sqrt(384 x 310)"
  // Of the largest number of a result: as far as its own rounding goes. Results that are nearly one
  // number, as probabilities near 1 are, deviate from it by no more.
  double rounding = 0;
};
Tolerance derive_tolerance(const onnx::ModelProto& structure, const Plan& plan);

}  // namespace permcrypt
