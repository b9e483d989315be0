#include "verify/known_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "verify/lock_vector.h"
#include "verify/runnable_inputs.h"
#include "verify/trial.h"

namespace permcrypt {
namespace {

double deviation(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double out = std::sqrt(squares / static_cast<double>(values.size()));
  return std::isfinite(out) && out > 0 ? out : 1;
}

double error_of(double actual, double expected, double unit) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return 0;
  const double error = std::abs(actual - expected) / unit;
  return std::isnan(error) ? INFINITY : error;
}

Check failed(std::string detail) {
  return {"known answer", Outcome::kFailed, std::move(detail),
          "model, token and runtime do not agree: ask for an intact copy, or try another version "
          "of ONNX Runtime"};
}

}  // namespace

Result<std::vector<TensorData>> run_for_answer(Session& session, const InputChoices& choices,
                                               std::span<const std::int32_t> token) {
  auto inputs = runnable_inputs(session, choices);
  if (!inputs) return inputs;
  // With a default it is not among those.
  std::erase_if(*inputs, [&](const TensorData& t) { return t.name == session.key_input(); });
  inputs->push_back(key_tensor(token));
  inputs->back().name = session.key_input();
  return session.run(*inputs);
}

Result<KnownAnswer> sample_answer(InputChoices choices, double tolerance,
                                  std::span<const TensorData> outputs) {
  KnownAnswer answer{std::move(choices), tolerance, {}};
  const auto listed = outputs.first(std::min(outputs.size(), KnownAnswer::kMostSamples));
  for (const TensorData& output : listed) {
    const auto values = to_doubles(output);
    if (!values) return tl::unexpected(values.error());
    KnownAnswer::Output out{output.name, output.shape, 1, {}};
    const std::size_t count = std::min(values->size(), KnownAnswer::kMostSamples / listed.size());
    if (count > 0) out.unit = deviation(*values);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t element = values->size() * i / count;
      out.samples.emplace_back(element, (*values)[element]);
    }
    answer.outputs.push_back(std::move(out));
  }
  return answer;
}

Result<Check> check_answer(const KnownAnswer& answer, std::span<const TensorData> outputs) {
  double worst = 0;
  std::size_t count = 0;
  for (const KnownAnswer::Output& expected : answer.outputs) {
    const auto actual = std::ranges::find(outputs, expected.name, &TensorData::name);
    if (actual == outputs.end() || actual->shape != expected.shape) {
      return failed("output '" + expected.name + "' is missing or has another shape");
    }
    const auto values = to_doubles(*actual);
    if (!values) return tl::unexpected(values.error());
    for (const auto& [element, value] : expected.samples) {
      if (element >= values->size()) return failed("a value lies past the end of its output");
      worst = std::max(worst, error_of((*values)[element], value, expected.unit));
      ++count;
    }
  }
  std::string detail = fmt::format(
      "{} values are off by {:.2g} standard deviations at most; "
      "tolerance {:.2g}",
      count, worst, answer.tolerance);
  if (!(worst <= answer.tolerance)) return failed(std::move(detail));
  return Check{"known answer", Outcome::kPassed, std::move(detail), ""};
}

}  // namespace permcrypt
