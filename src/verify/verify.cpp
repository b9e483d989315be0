#include "permcrypt/verify.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "verify/byte_check.h"
#include "verify/data_files.h"
#include "verify/known_answer.h"
#include "verify/licence.h"
#include "verify/lock_vector.h"
#include "verify/numeric_check.h"
#include "verify/static_check.h"
#include "verify/subject.h"
#include "write/encrypted_model.h"

namespace permcrypt {

bool Verdict::passed() const { return first_failure() == nullptr; }

const Check* Verdict::first_failure() const {
  const auto it = std::ranges::find(checks, Outcome::kFailed, &Check::outcome);
  return it == checks.end() ? nullptr : &*it;
}

namespace {

// What the numeric checks need, whether a key or a token opened the model.
struct Opened {
  std::filesystem::path path;
  const onnx::ModelProto& structure;
  Plan plan;
  std::vector<Permutation> groups;  // none with a token
  std::vector<std::int32_t> key;    // lock_vector()
  bool by_token = false;
};

std::string skipped_for(const Error& error) { return "not run numerically: " + error.message; }

Result<void> add_numbers(Trial& trial, const Opened& opened, const Tolerance& tolerance,
                         bool with_original, Verdict& verdict) {
  if (with_original) {
    auto equal = check_with_key(trial, opened.key, tolerance, verdict.figures);
    if (!equal) return tl::unexpected(equal.error());
    verdict.checks.push_back(*std::move(equal));
  }
  auto useless = check_without_key(trial, opened.key, tolerance, verdict.figures);
  if (!useless) return tl::unexpected(useless.error());
  std::ranges::move(*useless, std::back_inserter(verdict.checks));
  return {};
}

bool carries_data(const Plan& plan) {
  return std::ranges::any_of(
      plan.locks, [](const PlanLock& lock) { return lock.carrier != Carrier::kKey; });
}

// What users will see: a note, not a check.
void note_optimised(const VerifyRequest& request, const std::filesystem::path& original,
                    const Opened& opened, Verdict& verdict) {
  auto trial = Trial::open(original, opened.path, opened.plan, opened.groups,
                           {request.inputs, request.threads, true, opened.by_token});
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

// Equality, where there is an original, and uselessness in ONNX Runtime. Optimisations are off on
// both sides for the proof: locks change what the runtime fuses, and a quantised model differs from
// itself when fused otherwise.
Result<void> run_numeric(const VerifyRequest& request, const std::filesystem::path* original,
                         const Opened& opened, Verdict& verdict) {
  if (!runtime_available()) {
    verdict.checks.push_back({"numbers", Outcome::kSkipped, "not run numerically", ""});
    return {};
  }
  const TrialOptions options{request.inputs, request.threads, false, opened.by_token};
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
  if (original) note_optimised(request, *original, opened, verdict);
  return {};
}

Result<std::vector<TensorData>> answer_of(const VerifyRequest& request, const Opened& opened,
                                          const InputChoices& choices) {
  auto session = Session::open(opened.path, {.optimise = false, .threads = request.threads});
  if (!session) return tl::unexpected(session.error());
  return run_for_answer(*session, choices, opened.key);
}

Result<void> compare_known(const VerifyRequest& request, const Opened& opened, Verdict& verdict) {
  const auto file = MappedFile::open(*request.known);
  if (!file) return tl::unexpected(file.error());
  const auto answer = open_answer(file->bytes(), opened.key);
  if (!answer) return tl::unexpected(answer.error());
  const auto outputs = answer_of(request, opened, answer->choices);
  if (!outputs) return tl::unexpected(outputs.error());
  auto check = check_answer(*answer, *outputs);
  if (!check) return tl::unexpected(check.error());
  verdict.checks.push_back(*std::move(check));
  return {};
}

OutputOptions record_options(const VerifyRequest& request) {
  return {.if_exists = request.force ? IfExists::kReplace : IfExists::kRefuse, .mode = 0600};
}

// Only of a model that passed everything else.
Result<void> record_answer(const VerifyRequest& request, const Opened& opened,
                           std::vector<std::filesystem::path> inputs, Verdict& verdict) {
  OutputSet files(std::move(inputs));
  const auto file = files.add(*request.record, record_options(request));
  if (!file) return tl::unexpected(file.error());
  InputChoices choices = choices_of(opened.plan);
  const auto outputs = answer_of(request, opened, choices);
  if (!outputs) return tl::unexpected(outputs.error());
  const Tolerance tolerance = derive_tolerance(opened.structure, opened.plan);
  const auto answer = sample_answer(std::move(choices), tolerance.value, *outputs);
  if (!answer) return tl::unexpected(answer.error());
  if (auto done = files.write(*file, 0, seal_answer(*answer, opened.key)); !done) return done;
  if (auto done = files.commit(); !done) return done;
  verdict.checks.push_back(
      {"known answer", Outcome::kNoted, "written to " + request.record->native(), ""});
  return {};
}

Result<void> run_answers(const VerifyRequest& request, const Opened& opened,
                         std::vector<std::filesystem::path> inputs, Verdict& verdict) {
  if (request.known) {
    if (auto done = compare_known(request, opened, verdict); !done) return done;
  }
  if (!request.record || !verdict.passed()) return {};
  return record_answer(request, opened, std::move(inputs), verdict);
}

Result<Verdict> verify_with_token(const VerifyRequest& request) {
  auto licence = open_licence(request.encrypted, *request.token);
  if (!licence) return tl::unexpected(licence.error());
  Opened opened{
      licence->path, licence->structure, std::move(licence->plan), {}, std::move(licence->token),
      true};
  Verdict verdict;
  verdict.checks.push_back({"untampered", Outcome::kNoted,
                            "not checked: only the key can tell whether a byte changed", ""});
  if (request.original) {
    auto caches = caches_in_graph(*request.original);
    if (!caches) return tl::unexpected(caches.error());
    opened.plan.caches = *std::move(caches);
  }
  std::filesystem::path original;
  if (request.original) {
    const auto model = read_model(*request.original);
    if (!model) return tl::unexpected(model.error());
    original = model->files[0].path;
  }
  // A known answer says more, in one run, than that other keys give other results.
  if (request.original || !request.known || request.numeric) {
    auto done = run_numeric(request, request.original ? &original : nullptr, opened, verdict);
    if (!done) return tl::unexpected(done.error());
  }
  auto done = run_answers(request, opened, {opened.path, *request.token}, verdict);
  if (!done) return tl::unexpected(done.error());
  return verdict;
}

Result<void> compare_with_original(const VerifyRequest& request, const Subject& subject,
                                   const Opened& opened, Verdict& verdict) {
  const auto original = read_model(*request.original);
  if (!original) return tl::unexpected(original.error());
  auto bytes = check_bytes(subject, paths_of(*original), request.threads);
  if (!bytes) return tl::unexpected(bytes.error());
  verdict.checks.push_back(*std::move(bytes));
  if (!verdict.passed()) return {};
  auto proof = check_proof(subject, *original, request.threads);
  if (!proof) return tl::unexpected(proof.error());
  verdict.checks.push_back(*std::move(proof));
  return run_numeric(request, &original->files[0].path, opened, verdict);
}

Result<Verdict> verify_with_key(const VerifyRequest& request) {
  const auto subject = open_subject(request.encrypted, request.key);
  if (!subject) return tl::unexpected(subject.error());
  Verdict verdict;
  auto untampered = check_untampered(*subject, request.threads);
  if (!untampered) return tl::unexpected(untampered.error());
  verdict.checks.push_back(*std::move(untampered));
  if (!verdict.passed()) return verdict;
  const Plan& plan = subject->sealed.plan;
  if ((request.record || request.known) && carries_data(plan)) {
    return fail(ErrorKind::kState, "a known answer needs a model that takes a token",
                "the data carries the key of this one; compare it with --original");
  }
  const Opened opened{
      subject->path, subject->structure, plan, subject->groups, lock_vector(plan, subject->groups),
      false};
  Result<void> done;
  if (request.original) {
    done = compare_with_original(request, *subject, opened, verdict);
  } else {
    verdict.checks.push_back({"original", Outcome::kNoted,
                              "compared with nothing: give the original with --original", ""});
    if (request.numeric || request.inputs) done = run_numeric(request, nullptr, opened, verdict);
  }
  if (done) done = run_answers(request, opened, subject->files, verdict);
  if (!done) return tl::unexpected(done.error());
  return verdict;
}

// What cannot be read comes before all that is wrong with the rest.
Result<void> check_inputs(const VerifyRequest& request) {
  if (request.original) {
    if (const auto model = read_model(*request.original); !model) return fail(model.error());
  }
  if (request.inputs) {
    if (const auto data = read_data(*request.inputs); !data) return fail(data.error());
  }
  if (request.known) {
    if (const auto file = MappedFile::open(*request.known); !file) return fail(file.error());
  }
  return {};
}

}  // namespace

Result<Verdict> verify(const VerifyRequest& request) {
  if ((request.numeric || request.record || request.known) && !runtime_available()) {
    return fail(ErrorKind::kUsage, "this permcrypt was built without ONNX Runtime",
                "leave out --numeric, --record and --known, or build with ONNX Runtime");
  }
  if (auto done = check_inputs(request); !done) return tl::unexpected(done.error());
  auto verdict = request.token ? verify_with_token(request) : verify_with_key(request);
  if (!request.record || (verdict && verdict->passed())) return verdict;
  const Error failure = verdict ? Error{ErrorKind::kResult, "", ""} : verdict.error();
  Error error = or_blocked_output(failure, *request.record, record_options(request));
  if (error.kind == failure.kind) return verdict;
  return tl::unexpected(std::move(error));
}

}  // namespace permcrypt
