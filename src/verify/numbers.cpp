#include "verify/numbers.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "verify/near_keys.h"
#include "verify/numeric_check.h"
#include "verify/trial.h"

namespace permcrypt {
namespace {

// Up to this size a model is run on all inputs also under near keys; a larger one on the first.
constexpr std::uint64_t kQuickModel = 64 << 20;

std::string skipped_for(const Error& error) { return "not run numerically: " + error.message; }

// Of the .onnx and the files beside it that begin with its name, as data files do.
std::uint64_t weight_bytes(const std::filesystem::path& model) {
  std::error_code ignored;
  std::uint64_t out = 0;
  const std::string name = model.filename().native();
  const auto folder = std::filesystem::absolute(model, ignored).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!entry.path().filename().native().starts_with(name)) continue;
    const std::uint64_t size = entry.file_size(ignored);
    if (!ignored) out += size;
  }
  return out;
}

Result<void> add_near_keys(Trial& trial, const Opened& opened, const Tolerance& tolerance,
                           std::size_t most_samples, Verdict& verdict) {
  auto swaps = check_swaps(trial, opened.key, tolerance, most_samples, verdict.swaps);
  if (!swaps) return fail(swaps.error());
  verdict.checks.push_back(*std::move(swaps));
  auto locks = measure_locks(trial, opened.key, most_samples, verdict.locks);
  if (!locks) return fail(locks.error());
  verdict.checks.push_back(*std::move(locks));
  return {};
}

Result<void> add_numbers(Trial& trial, const Opened& opened, const Tolerance& tolerance,
                         bool with_original, Verdict& verdict) {
  if (with_original) {
    auto equal = check_with_key(trial, opened.key, tolerance, verdict.figures);
    if (!equal) return tl::unexpected(equal.error());
    verdict.checks.push_back(*std::move(equal));
  }
  auto useless = check_without_key(trial, opened.other, tolerance, verdict.figures);
  if (!useless) return tl::unexpected(useless.error());
  std::ranges::move(*useless, std::back_inserter(verdict.checks));
  return {};
}

// What users will see: a note, not a check.
void note_optimised(const std::filesystem::path& original, const Opened& opened,
                    TrialOptions options, Verdict& verdict) {
  options.optimise = true;
  auto trial = Trial::open(original, opened.path, opened.plan, opened.groups, options);
  auto seen = trial ? trial->differences(opened.key)
                    : Result<std::vector<OutputDifference>>(tl::unexpected(trial.error()));
  if (!seen) {
    verdict.checks.push_back({"as users run it", Outcome::kNoted, seen.error().message, ""});
    return;
  }
  double worst = 0;
  for (const OutputDifference& d : *seen) {
    verdict.figures.push_back(figures_of("optimised, with the key", d));
    worst = std::max(worst, d.max_relative);
  }
  verdict.checks.push_back({"as users run it", Outcome::kNoted,
                            "with the runtime's optimisations: off by " + std::to_string(worst) +
                                " standard deviations at most",
                            ""});
}

}  // namespace

bool is_negative(const Check& check) {
  return check.name == "without the key" || check.name == "wrong keys" ||
         check.name == "another model's token";
}

Result<void> run_numeric(const VerifyRequest& request, const std::filesystem::path* original,
                         const Opened& opened, Verdict& verdict) {
  if (!runtime_available()) {
    verdict.checks.push_back({"numbers", Outcome::kSkipped, "not run numerically", ""});
    return {};
  }
  const std::uint64_t bytes = weight_bytes(opened.path);
  const TrialOptions options{request.inputs, request.threads, false, bytes, opened.by_token};
  auto trial = original ? Trial::open(*original, opened.path, opened.plan, opened.groups, options)
                        : Trial::open_alone(opened.path, opened.plan, opened.key, options);
  if (!trial) {
    if (request.numeric || request.inputs) return tl::unexpected(trial.error());
    verdict.checks.push_back({"numbers", Outcome::kSkipped, skipped_for(trial.error()), ""});
    return {};
  }
  const Tolerance tolerance = derive_tolerance(opened.structure, opened.plan);
  if (auto done = add_numbers(*trial, opened, tolerance, original != nullptr, verdict); !done) {
    return done;
  }
  const std::size_t most_samples = bytes <= kQuickModel ? SIZE_MAX : 1;
  if (auto done = add_near_keys(*trial, opened, tolerance, most_samples, verdict); !done) {
    return done;
  }
  if (original) note_optimised(*original, opened, options, verdict);
  return {};
}

}  // namespace permcrypt
