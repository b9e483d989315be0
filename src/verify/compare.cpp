#include "verify/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/quote.h"
#include "read/data_type.h"

namespace permcrypt {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

OutputDifference not_comparable(OutputDifference difference, std::string why) {
  difference.mismatch = std::move(why);
  difference.differing = difference.beyond_chance = 1;
  difference.max_absolute = difference.mean_absolute = difference.p99_absolute = kInfinity;
  difference.max_relative = difference.mean_relative = difference.p99_relative = kInfinity;
  difference.smallest_tolerance = kInfinity;
  difference.cosine = 0;
  return difference;
}

// NaN with NaN, and an infinity with the same infinity.
bool same_non_finite(double x, double y) { return (std::isnan(x) && std::isnan(y)) || x == y; }

double largest_of(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

// The unit of relative errors.
double scale_of(std::span<const double> values) {
  double sum = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  const double largest = largest_of(values);
  if (count == 0 || largest == 0) return 1;
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(count));
  // Rounding of the mean leaves a trace where all elements are equal.
  return deviation > 1e-12 * largest ? deviation : largest;
}

double percentile_99(std::vector<double> values) {
  if (values.empty()) return 0;
  const std::size_t index = (values.size() * 99 + 99) / 100 - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

double cosine_of(std::span<const double> x, std::span<const double> y) {
  double dot = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) continue;
    dot += x[i] * y[i];
    xx += x[i] * x[i];
    yy += y[i] * y[i];
  }
  if (xx == 0 || yy == 0) return xx == yy ? 1 : 0;
  return dot / (std::sqrt(xx) * std::sqrt(yy));
}

// REQUIRES: NaNs and infinities are in the same places.
void measure_errors(std::span<const double> expected, std::span<const double> actual,
                    OutputDifference& difference) {
  std::vector<double> errors;
  double sum = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(expected[i])) continue;
    const double error = std::abs(actual[i] - expected[i]);
    errors.push_back(error);
    sum += error;
    difference.differing += error > 0;
    difference.max_absolute = std::max(difference.max_absolute, error);
    difference.smallest_tolerance =
        std::max(difference.smallest_tolerance, error / (1 + std::abs(expected[i])));
  }
  if (errors.empty()) return;
  difference.differing /= static_cast<double>(expected.size());
  difference.mean_absolute = sum / static_cast<double>(errors.size());
  difference.p99_absolute = percentile_99(std::move(errors));
  const double scale = scale_of(expected);
  difference.max_relative = difference.max_absolute / scale;
  difference.mean_relative = difference.mean_absolute / scale;
  difference.p99_relative = difference.p99_absolute / scale;
  const double largest = largest_of(expected);
  const double of_largest = largest > 0 ? difference.max_absolute / largest : kInfinity;
  difference.runs.push_back({difference.max_relative, of_largest});
  difference.cosine = cosine_of(expected, actual);
}

// Empty for rows that hold a NaN: they choose nothing.
std::optional<std::size_t> argmax(std::span<const double> row) {
  if (std::ranges::any_of(row, [](double value) { return std::isnan(value); })) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
}

// Every row along the last axis is a choice.
void compare_choices(std::span<const double> expected, std::span<const double> actual,
                     const std::vector<std::int64_t>& shape, OutputDifference& difference) {
  const std::size_t classes = shape.empty() ? 0 : static_cast<std::size_t>(shape.back());
  if (classes < 2) return;
  std::vector<std::int64_t> wanted, chosen;
  const std::size_t rows = expected.size() / classes;
  bool all = true;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto here = argmax(expected.subspan(row * classes, classes));
    const auto there = argmax(actual.subspan(row * classes, classes));
    all = all && here;
    if (!here) continue;
    wanted.push_back(static_cast<std::int64_t>(*here));
    chosen.push_back(there ? static_cast<std::int64_t>(*there) : Choices::kNone);
  }
  const bool items = all && shape.size() > 1;
  difference.classes = classes;
  difference.choices.add(wanted, chosen, items ? static_cast<std::size_t>(shape[0]) : 1);
}

OutputDifference compare_integers(std::span<const std::int64_t> expected,
                                  std::span<const std::int64_t> actual,
                                  const std::vector<std::int64_t>& shape,
                                  OutputDifference difference) {
  difference.integers = true;
  difference.choices.add(expected, actual, shape.empty() ? 1 : static_cast<std::size_t>(shape[0]));
  std::size_t count = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) count += expected[i] != actual[i];
  if (count > 0)
    difference.differing = static_cast<double>(count) / static_cast<double>(expected.size());
  difference.judge_choices();
  return difference;
}

}  // namespace

double OutputDifference::relative_beyond(double rounding) const {
  if (!mismatch.empty()) return kInfinity;
  double worst = 0;
  for (const Run& run : runs) {
    if (run.of_largest > rounding) worst = std::max(worst, run.relative);
  }
  return worst;
}

void OutputDifference::judge_choices() {
  (integers ? equal_values : top_one) =
      choices.agreement(classes > 0 ? 1 / static_cast<double>(classes) : 0);
  if (!integers || differing == 0) return;
  const double unlike = 1 - choices.chance_by_frequency();
  beyond_chance = unlike > 0 ? differing / unlike : differing;
}

Result<OutputDifference> compare_tensors(const TensorData& expected, const TensorData& actual) {
  OutputDifference difference;
  difference.name = expected.name;
  difference.rank = expected.shape.size();
  difference.elements = element_count(expected.shape).value_or(0);
  difference.integers = is_integer(expected.type);
  if (expected.type != actual.type) {
    return not_comparable(difference, fmt::format("type {} instead of {}", type_name(actual.type),
                                                  type_name(expected.type)));
  }
  if (expected.shape != actual.shape) {
    return not_comparable(difference,
                          fmt::format("shape {} instead of {}", shape_text(actual.shape),
                                      shape_text(expected.shape)));
  }
  if (difference.integers) {
    const auto x = to_integers(expected), y = to_integers(actual);
    if (!x) return fail(x.error());
    if (!y) return fail(y.error());
    return compare_integers(*x, *y, expected.shape, difference);
  }
  const auto x = to_doubles(expected), y = to_doubles(actual);
  if (!x) return fail(x.error());
  if (!y) return fail(y.error());
  compare_choices(*x, *y, expected.shape, difference);
  difference.judge_choices();
  for (std::size_t i = 0; i < x->size(); ++i) {
    const bool finite = std::isfinite((*x)[i]) && std::isfinite((*y)[i]);
    if (!finite && !same_non_finite((*x)[i], (*y)[i])) {
      return not_comparable(difference, "NaN or infinity in other places");
    }
  }
  measure_errors(*x, *y, difference);
  return difference;
}

Result<std::vector<OutputDifference>> compare_outputs(std::span<const TensorData> expected,
                                                      std::span<const TensorData> actual) {
  std::vector<OutputDifference> differences;
  for (const TensorData& wanted : expected) {
    const auto found = std::ranges::find(actual, wanted.name, &TensorData::name);
    if (found == actual.end()) {
      return fail(ErrorKind::kInput, "there is no output " + in_quotes(wanted.name));
    }
    Result<OutputDifference> difference = compare_tensors(wanted, *found);
    if (!difference) return fail(difference.error());
    differences.push_back(*std::move(difference));
  }
  return differences;
}

}  // namespace permcrypt
