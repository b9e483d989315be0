#include "permcrypt/verify.h"

#include <algorithm>

#include "verify/byte_check.h"
#include "verify/numeric_check.h"
#include "verify/subject.h"

namespace permcrypt {

bool Verdict::passed() const { return first_failure() == nullptr; }

const Check* Verdict::first_failure() const {
  const auto it = std::ranges::find(checks, Outcome::kFailed, &Check::outcome);
  return it == checks.end() ? nullptr : &*it;
}

namespace {

std::vector<std::filesystem::path> paths_of(const Model& model) {
  std::vector<std::filesystem::path> out;
  for (const ModelFile& file : model.files) out.push_back(file.path);
  return out;
}

// Equality and uselessness in ONNX Runtime. Optimisations are off on both sides for the proof:
// locks change what the runtime fuses, and a quantised model differs from itself when fused
// otherwise.
Result<void> run_numeric(const VerifyRequest& request, const Model& original,
                         const Subject& subject, Verdict& verdict) {
  const Plan& plan = subject.sealed.plan;
  const Tolerance tolerance = derive_tolerance(original.structure, plan);
  const std::vector<std::int32_t> key = token_vector(plan, subject.groups);
  auto trial = Trial::open(original.files[0].path, subject.path, plan, subject.groups,
                           {request.inputs, request.threads, false});
  if (!trial) {
    if (request.numeric || request.inputs) return tl::unexpected(trial.error());
    verdict.checks.push_back(
        {"numbers", Outcome::kSkipped, "not run numerically: " + trial.error().message, ""});
    return {};
  }
  auto equal = check_with_key(*trial, key, tolerance, verdict.figures);
  if (!equal) return tl::unexpected(equal.error());
  verdict.checks.push_back(*std::move(equal));
  auto useless = check_without_key(*trial, key, tolerance, verdict.figures);
  if (!useless) return tl::unexpected(useless.error());
  std::ranges::move(*useless, std::back_inserter(verdict.checks));

  auto optimised = Trial::open(original.files[0].path, subject.path, plan, subject.groups,
                               {request.inputs, request.threads, true});
  auto seen = optimised ? optimised->differences(key)
                        : Result<std::vector<OutputDifference>>(tl::unexpected(optimised.error()));
  if (!seen) {
    verdict.checks.push_back({"as users run it", Outcome::kNoted, seen.error().message, ""});
    return {};
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
  return {};
}

}  // namespace

Result<Verdict> verify(const VerifyRequest& request) {
  if (request.numeric && !runtime_available()) {
    return fail(ErrorKind::kUsage, "this permcrypt was built without ONNX Runtime",
                "leave out --numeric, or build with ONNX Runtime");
  }
  auto subject = open_subject(request.encrypted, request.key);
  if (!subject) return tl::unexpected(subject.error());
  Verdict verdict;
  auto untampered = check_untampered(*subject, request.threads);
  if (!untampered) return tl::unexpected(untampered.error());
  verdict.checks.push_back(*std::move(untampered));
  if (!request.original) {
    verdict.checks.push_back({"original", Outcome::kSkipped,
                              "compared with nothing: give the original with --original", ""});
    return verdict;
  }
  auto original = read_model(*request.original);
  if (!original) return tl::unexpected(original.error());
  auto bytes = check_bytes(*subject, paths_of(*original), request.threads);
  if (!bytes) return tl::unexpected(bytes.error());
  verdict.checks.push_back(*std::move(bytes));
  if (!verdict.passed()) return verdict;
  if (!runtime_available()) {
    verdict.checks.push_back({"numbers", Outcome::kSkipped, "not run numerically", ""});
    return verdict;
  }
  if (auto done = run_numeric(request, *original, *subject, verdict); !done) {
    return tl::unexpected(done.error());
  }
  return verdict;
}

}  // namespace permcrypt
