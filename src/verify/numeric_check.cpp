#include "verify/numeric_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "verify/lock_vector.h"

namespace permcrypt {
namespace {

constexpr int kWrongKeys = 8;
constexpr double kSkill = 1e-6;  // p-value of top-1 agreement by chance
constexpr std::uint64_t kEnoughPositions = 200;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Differences of every output, for each of several keys.
using ByKey = std::vector<std::vector<OutputDifference>>;

bool depends_on_key(const ByKey& keys, std::size_t output, double tolerance) {
  return std::any_of(keys.begin(), keys.end(), [&](const auto& differences) {
    return error_of(differences[output]) > tolerance || differences[output].differing > 0.5;
  });
}

const TopOne& choices_of(const OutputDifference& d) {
  return d.integers ? d.equal_values : d.top_one;
}

// `one_order`: the choices come in an order that the key decides, and one key only was tried.
bool is_skilled(const OutputDifference& d, bool one_order) {
  const TopOne& top = choices_of(d);
  return top.positions >= kEnoughPositions && top.p_value < kSkill &&
         !(one_order && top.p_of_order > kSkill);
}

std::string too_near(const OutputDifference& d, double error) {
  return d.integers
             ? fmt::format("output '{}' differs in {:.3g} of what would differ by chance only",
                           d.name, error)
             : fmt::format("output '{}' is off by {:.3g} standard deviations only", d.name, error);
}

// What the plan makes of outputs.
struct OutputRoles {
  std::set<std::string> caches;
  // Output and axis: in an order that the key decides.
  std::set<std::pair<std::string, std::size_t>> ordered;
};

OutputRoles roles_of(const Plan& plan) {
  OutputRoles out;
  for (const PlanCache& cache : plan.caches) out.caches.insert(cache.present);
  for (const PlanLock& lock : plan.locks) {
    if (lock.kind == LockKind::kOutput) out.ordered.emplace(lock.value, lock.axis);
  }
  return out;
}

// Why the results under these keys are still of use; empty when they are not.
std::string usefulness(const ByKey& keys, double tolerance, const OutputRoles& roles) {
  bool any = false;
  for (std::size_t k = 0; k < keys[0].size(); ++k) {
    // State is of use to the model itself only.
    if (roles.caches.contains(keys[0][k].name) || !depends_on_key(keys, k, tolerance)) continue;
    any = true;
    const std::size_t rank = keys[0][k].rank;
    const bool one_order =
        keys.size() == 1 && rank > 0 && roles.ordered.contains({keys[0][k].name, rank - 1});
    std::vector<double> errors;
    std::size_t skilled = 0;
    for (const auto& differences : keys) {
      errors.push_back(error_of(differences[k]));
      skilled += is_skilled(differences[k], one_order);
    }
    if (median(errors) < kUselessError) {
      return too_near(keys[0][k], median(errors));
    }
    if (2 * skilled > keys.size()) {
      const TopOne& top = choices_of(keys[0][k]);
      return fmt::format("the {} of output '{}' agrees in {:.1f} % of {} places (chance: {:.1f} %)",
                         keys[0][k].integers ? "value" : "first choice", keys[0][k].name,
                         100 * top.agreement(), top.positions, 100 * top.chance);
    }
  }
  return any ? "" : "no output changes";
}

std::string spread(const ByKey& keys) {
  double best = INFINITY;
  for (const auto& differences : keys) {
    double worst = 0;
    for (const OutputDifference& d : differences) worst = std::max(worst, error_of(d));
    best = std::min(best, worst);
  }
  return fmt::format("off by at least {:.3g} standard deviations", best);
}

Check useless_check(std::string name, const ByKey& keys, double tolerance,
                    const OutputRoles& roles) {
  const std::string why = usefulness(keys, tolerance, roles);
  if (why.empty()) return {std::move(name), Outcome::kPassed, spread(keys), ""};
  return {std::move(name), Outcome::kFailed, "still useful: " + why,
          "the model is not protected: encrypt with --internal block, or all"};
}

void keep_figures(std::vector<OutputFigures>& figures, const std::string& run,
                  const std::vector<OutputDifference>& differences) {
  for (const OutputDifference& d : differences) figures.push_back(figures_of(run, d));
}

}  // namespace

double error_of(const OutputDifference& d) { return d.integers ? d.beyond_chance : d.max_relative; }

Result<Check> check_with_key(Trial& trial, std::span<const std::int32_t> key,
                             const Tolerance& tolerance, std::vector<OutputFigures>& figures) {
  auto differences = trial.differences(key);
  if (!differences) return tl::unexpected(differences.error());
  keep_figures(figures, "with the key", *differences);
  double worst = 0, needed = 0;
  bool rounded = false;
  for (const OutputDifference& d : *differences) {
    if (!d.mismatch.empty()) {
      return Check{"with the key", Outcome::kFailed, "output '" + d.name + "': " + d.mismatch, ""};
    }
    const double error = d.integers ? error_of(d) : d.relative_beyond(tolerance.rounding);
    rounded = rounded || (error <= tolerance.value && error_of(d) > tolerance.value);
    worst = std::max(worst, error);
    needed = std::max(needed, d.smallest_tolerance);
  }
  std::string detail = fmt::format(
      "off by {:.2g} standard deviations at most; tolerance {:.2g} ({}); smallest "
      "tolerance that passes: {:.2g}",
      worst, tolerance.value, tolerance.derivation, needed);
  if (rounded) {
    detail += fmt::format("; results that are nearly one number: within {:.2g} of it",
                          tolerance.rounding);
  }
  if (!(worst <= tolerance.value)) {
    return Check{"with the key", Outcome::kFailed, "results differ: " + detail,
                 "do not publish this file; please report the model's architecture as a defect"};
  }
  return Check{"with the key", Outcome::kPassed, detail, ""};
}

Result<std::vector<Check>> check_without_key(Trial& trial, std::span<const std::int32_t> other,
                                             const Tolerance& tolerance,
                                             std::vector<OutputFigures>& figures) {
  const auto parts = lock_parts(trial.plan());
  const OutputRoles roles = roles_of(trial.plan());
  std::vector<Check> out;
  ByKey tried;
  const auto attempt = [&](const std::string& run, std::span<const std::int32_t> key) {
    return trial.differences(key).map([&](std::vector<OutputDifference> differences) {
      keep_figures(figures, run, differences);
      tried.push_back(std::move(differences));
    });
  };
  const auto judge = [&](const std::string& name) {
    out.push_back(useless_check(name, std::exchange(tried, {}), tolerance.value, roles));
  };
  if (auto done = attempt("without the key", identity_vector(parts)); !done) {
    return fail(done.error());
  }
  judge("without the key");
  std::mt19937_64 random(1);
  for (int i = 0; i < kWrongKeys; ++i) {
    const auto key = random_vector(parts, random);
    auto done = attempt(fmt::format("wrong key {}", i + 1), key);
    if (!done) return fail(done.error());
  }
  judge("wrong keys");
  if (other.empty()) return out;
  if (auto done = attempt("another model's token", other); !done) return fail(done.error());
  judge("another model's token");
  return out;
}

}  // namespace permcrypt
