#include "permcrypt/verify.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "verify/byte_check.h"
#include "verify/changed_weights.h"
#include "verify/data_files.h"
#include "verify/known_answer.h"
#include "verify/leak_check.h"
#include "verify/licence.h"
#include "verify/lock_advice.h"
#include "verify/lock_vector.h"
#include "verify/numbers.h"
#include "verify/runtime.h"
#include "verify/static_check.h"
#include "verify/subject.h"
#include "verify/tolerance.h"
#include "verify/trial.h"
#include "write/encrypted_model.h"

namespace permcrypt {

bool Verdict::passed() const { return first_failure() == nullptr; }

const Check* Verdict::first_failure() const {
  const auto it = std::ranges::find(checks, Outcome::kFailed, &Check::outcome);
  return it == checks.end() ? nullptr : &*it;
}

namespace {

bool carries_data(const Plan& plan) {
  return std::ranges::any_of(plan.locks,
                             [](const PlanLock& lock) { return lock.carrier != Carrier::kKey; });
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
  Opened opened{.path = licence->path,
                .structure = licence->structure,
                .plan = std::move(licence->plan),
                .groups = {},
                .key = std::move(licence->token),
                .other = {},
                .by_token = true};
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

// What a model under another salt would get from this key: another licensee's token, say.
std::vector<std::int32_t> token_of_another(const Subject& subject) {
  Salt salt = subject.manifest.open.salt;
  for (std::uint8_t& byte : salt) byte = static_cast<std::uint8_t>(~byte);
  const Plan& plan = subject.sealed.plan;
  return lock_vector(plan, derive_permutations(KeySchedule(subject.key, salt), plan));
}

Result<void> check_leaks(const Subject& subject, const Model* original, unsigned threads,
                         Verdict& verdict) {
  auto encrypted = read_model(subject.path);
  if (!encrypted) return fail(encrypted.error());
  Check metadata = check_metadata(*encrypted, original);
  onnx::ModelProto().Swap(&encrypted->structure);  // its tensors are enough from here on
  auto secrets = check_secrets(subject, original != nullptr, threads);
  if (!secrets) return fail(secrets.error());
  verdict.checks.push_back(*std::move(secrets));
  verdict.checks.push_back(std::move(metadata));
  if (!original) return {};
  auto shared = list_shared(*original, *encrypted, threads, verdict.shared);
  if (!shared) return fail(shared.error());
  verdict.checks.push_back(*std::move(shared));
  return {};
}

// Says which locks would help where results stay useful.
void advise(const Model& original, const SealedPlan& sealed, Verdict& verdict) {
  std::string advice;
  for (Check& check : verdict.checks) {
    if (check.outcome != Outcome::kFailed || !is_negative(check)) continue;
    if (advice.empty()) advice = lock_advice(original, sealed);
    check.advice = advice;
  }
}

Result<void> compare_with_original(const VerifyRequest& request, const Subject& subject,
                                   const Opened& opened, Verdict& verdict) {
  const auto original = read_model(*request.original);
  if (!original) return tl::unexpected(original.error());
  auto untampered = check_untampered(subject, request.threads);
  if (!untampered) return tl::unexpected(untampered.error());
  verdict.checks.push_back(*std::move(untampered));
  if (!verdict.passed()) return {};
  auto proof = check_proof(subject, *original, subject.sealed.plan, request.threads);
  const auto found =
      proof ? std::span<const FoundPayload>(proof->found) : std::span<const FoundPayload>();
  auto bytes = check_bytes(subject, paths_of(*original), found, request.threads);
  if (!bytes) return tl::unexpected(bytes.error());
  verdict.checks.push_back(*std::move(bytes));
  if (!verdict.passed()) return {};
  if (!proof) return tl::unexpected(proof.error());
  verdict.checks.push_back(std::move(proof->check));
  if (auto done = check_leaks(subject, &*original, request.threads, verdict); !done) return done;
  if (request.static_only) return {};
  auto done = run_numeric(request, &original->files[0].path, opened, verdict);
  if (done) advise(*original, subject.sealed, verdict);
  return done;
}

// Caches in plain order are no part of the plan. They are state all the same, which has a length
// of its own, and in which part of what comes out is what went in.
Plan with_plain_caches(const VerifyRequest& request, const SealedPlan& sealed) {
  Plan plan = sealed.plan;
  const auto is_plain = [](const auto& o) { return o.first == "cache" && o.second == "plain"; };
  if (!request.original || std::ranges::none_of(sealed.options, is_plain)) return plan;
  if (auto caches = caches_in_graph(*request.original)) plan.caches = *std::move(caches);
  return plan;
}

Result<Verdict> verify_with_key(const VerifyRequest& request) {
  auto subject = open_subject(request.encrypted, request.key);
  if (!subject) return tl::unexpected(subject.error());
  // Of a large model that is not run, one copy of everything is enough.
  const bool runs = !request.static_only || !request.original || request.changed_weights ||
                    request.record || request.known;
  if (!runs) onnx::ModelProto().Swap(&subject->structure);
  Verdict verdict;
  bool changed = false;
  if (request.changed_weights || !request.original) {
    auto untampered = check_untampered(*subject, request.threads);
    if (!untampered) return tl::unexpected(untampered.error());
    changed = request.changed_weights && untampered->outcome == Outcome::kFailed;
    if (changed) {
      *untampered = {"untampered", Outcome::kNoted,
                     "not the files that encrypt wrote: changed, as --changed-weights says", ""};
    }
    if (changed || !request.original) verdict.checks.push_back(*std::move(untampered));
    if (!verdict.passed()) return verdict;
  }
  const Plan& plan = subject->sealed.plan;
  if ((request.record || request.known) && carries_data(plan)) {
    return fail(ErrorKind::kState, "a known answer needs a model that takes a token",
                "the data carries the key of this one; compare it with --original");
  }
  const Opened opened{.path = subject->path,
                      .structure = subject->structure,
                      .plan = runs ? with_plain_caches(request, subject->sealed) : Plan{},
                      .groups = runs ? subject->groups : std::vector<Permutation>{},
                      .key = lock_vector(plan, subject->groups),
                      .other = token_of_another(*subject)};
  Result<void> done;
  if (changed) {
    done = verify_changed(request, *subject, opened, verdict);
  } else if (request.original) {
    done = compare_with_original(request, *subject, opened, verdict);
  } else {
    verdict.checks.push_back({"original", Outcome::kNoted,
                              "compared with nothing: give the original with --original", ""});
    done = check_leaks(*subject, nullptr, request.threads, verdict);
    if (!done) return fail(done.error());
    if (request.numeric || request.inputs) done = run_numeric(request, nullptr, opened, verdict);
  }
  if (done && verdict.passed()) done = run_answers(request, opened, subject->files, verdict);
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
