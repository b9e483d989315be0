// How far apart are two results of one model?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Agreement on the largest entry along the last axis.
struct TopOne {
  std::uint64_t positions = 0;  // how many argmaxes were compared; 0: the last axis is no choice
  std::uint64_t agreeing = 0;
  // The agreement of two unrelated results: of a guess, 1 / classes, or where some classes are
  // frequent in both results, of independent draws from these frequencies.
  double chance = 0;
  double p_value = 1;  // of at least so much agreement by chance

  double agreement() const {
    return positions == 0 ? 0 : static_cast<double>(agreeing) / static_cast<double>(positions);
  }
};

// One output against the expected one. Relative errors are in units of the expected output's
// standard deviation (of its largest magnitude where all elements are equal).
struct OutputDifference {
  std::string name;
  // Why the two cannot be compared element by element: another type or shape, NaNs or infinities
  // in other places. All errors below are then infinite and all elements differ.
  std::string mismatch;
  bool integers = false;  // integers and booleans: count `differing`; the errors are zeros
  std::uint64_t elements = 0;
  double differing = 0;  // share of the elements that are not equal
  double max_absolute = 0, mean_absolute = 0, p99_absolute = 0;
  double max_relative = 0, mean_relative = 0, p99_relative = 0;
  double cosine = 1;  // of the outputs as vectors
  // The smallest t with |actual - expected| <= t + t * |expected| everywhere: what
  // numpy.allclose(rtol=t, atol=t) needs.
  double smallest_tolerance = 0;
  TopOne top_one;  // of floating-point outputs
};

// Compares by name, in the order of `expected`.
// Errors (kInput): an expected output is missing; elements that are no numbers.
Result<std::vector<OutputDifference>> compare_outputs(std::span<const TensorData> expected,
                                                      std::span<const TensorData> actual);

// The same for two tensors, whatever their names.
Result<OutputDifference> compare_tensors(const TensorData& expected, const TensorData& actual);

// P(X >= successes) for X ~ Binomial(trials, chance).
double binomial_tail(std::uint64_t trials, std::uint64_t successes, double chance);

}  // namespace permcrypt
