// How far apart are two results of one model?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/status.h"
#include "verify/choices.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// One output against the expected one. Relative errors are in units of the expected output's
// standard deviation (of its largest magnitude where all elements are equal).
struct OutputDifference {
  std::string name;
  // Why the two cannot be compared element by element: another type or shape, NaNs or infinities
  // in other places. All errors below are then infinite and all elements differ.
  std::string mismatch;
  bool integers = false;  // integers and booleans: count `differing`; the errors are zeros
  std::uint64_t elements = 0;
  std::size_t rank = 0;
  double differing = 0;  // share of the elements that are not equal
  // Of integers: the same over the share that would differ by chance, which is small where one
  // value is frequent. 1 for unrelated results, 0 for equal ones (1 - Cohen's kappa).
  double beyond_chance = 0;
  double max_absolute = 0, mean_absolute = 0, p99_absolute = 0;
  double max_relative = 0, mean_relative = 0, p99_relative = 0;
  // The largest error of each run: relative, and over the largest of the expected numbers.
  struct Run {
    double relative = 0, of_largest = 0;
  };
  std::vector<Run> runs;
  double cosine = 1;  // of the outputs as vectors
  // The smallest t with |actual - expected| <= t + t * |expected| everywhere: what
  // numpy.allclose(rtol=t, atol=t) needs.
  double smallest_tolerance = 0;
  TopOne top_one;       // of floating-point outputs
  TopOne equal_values;  // of integers
  Choices choices;      // what both come of
  std::size_t classes = 0;

  // max_relative over the runs in which an error is more than `rounding` of the largest number.
  double relative_beyond(double rounding) const;

  // Once choices are added up.
  void judge_choices();
};

// Compares by name, in the order of `expected`.
// Errors (kInput): an expected output is missing; elements that are no numbers.
Result<std::vector<OutputDifference>> compare_outputs(std::span<const TensorData> expected,
                                                      std::span<const TensorData> actual);

// The same for two tensors, whatever their names.
Result<OutputDifference> compare_tensors(const TensorData& expected, const TensorData& actual);

}  // namespace permcrypt
