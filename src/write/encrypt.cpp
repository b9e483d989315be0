#include "permcrypt/encrypt.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "base/quote.h"
#include "permcrypt/apply.h"
#include "plan/salt_content.h"
#include "write/checkpoint.h"
#include "write/encrypted_files.h"
#include "write/encrypted_model.h"
#include "write/graph_edits.h"
#include "write/graph_records.h"
#include "write/in_place.h"
#include "write/manifest.h"
#include "write/message_edits.h"
#include "write/output_names.h"
#include "write/shares.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// The file may not grow much (format.md): a graph of very many nodes is not recorded.
constexpr std::size_t kMostRecords = 16 << 10, kMostRecordsPerTensor = 50;

const char* text_of(Carry carry) {
  return carry == Carry::kKey ? "key" : carry == Carry::kData ? "data" : "both";
}

const char* text_of(Internal internal) {
  return internal == Internal::kNone ? "none" : internal == Internal::kBlock ? "block" : "all";
}

const char* cache_text(const EncryptRequest& request) {
  return request.locks.infer.opaque_caches ? "opaque" : "plain";
}

// A name with a typing error would fix nothing, in silence.
Result<void> check_dims(const Model& model, const std::map<std::string, std::int64_t>& dims) {
  std::set<std::string> names;
  const auto& graph = model.structure.graph();
  for (const auto* values : {&graph.input(), &graph.output(), &graph.value_info()}) {
    for (const auto& value : *values) {
      for (const auto& dim : value.type().tensor_type().shape().dim()) names.insert(dim.dim_param());
    }
  }
  for (const auto& [name, extent] : dims) {
    if (names.contains(name)) continue;
    return fail(ErrorKind::kUsage, "the model has no dynamic dimension " + in_quotes(name),
                "the names are those in the shapes of its inputs, as Netron or onnx.helper shows them");
  }
  return {};
}

Result<Analysis> analyse_plain(const EncryptRequest& request, const LockOptions& locks) {
  auto model = read_model(request.model);
  if (!model) return fail(model.error());
  if (has_manifest(*model)) {
    return fail(ErrorKind::kState, in_quotes(request.model.native()) + " is already encrypted",
                "decrypt it first, or encrypt the original");
  }
  if (auto done = check_dims(*model, locks.infer.dims); !done) return fail(done.error());
  std::error_code ignored;
  if (fs::exists(Journal::path_for(model_file(request.model)), ignored)) {
    return fail(ErrorKind::kState, in_quotes(request.model.native()) + " is encrypted in part",
                "go on with permcrypt encrypt --in-place");
  }
  auto analysis = analyse(*std::move(model), locks);
  if (!analysis || !request.strict) return analysis;
  for (const auto* list :
       {&analysis->locked.inference.unknown_ops, &analysis->locked.inference.gave_up}) {
    if (!list->empty()) {
      return fail(ErrorKind::kState, "no rule for the operator " + in_quotes(list->begin()->first),
                  "without --strict, what it touches stays as it is");
    }
  }
  return analysis;
}

// Client maps leave no trace in the file.
Result<void> write_key_locks(const LockedGraph& locked, std::string_view file,
                             const LockEditOptions& options, MessageEdits& edits) {
  const auto is_map = [](const LockSite& lock) { return lock.carrier != Carrier::kKey; };
  if (std::ranges::all_of(locked.locks, is_map)) return {};
  if (std::ranges::none_of(locked.locks, is_map)) return write_locks(locked, file, options, edits);
  LockedGraph without_maps = locked;
  std::erase_if(without_maps.locks, is_map);
  return write_locks(without_maps, file, options, edits);
}

// Data files keep their names when `out` is none.
Result<std::vector<Edit>> make_edits(Analysis& analysis, const std::optional<fs::path>& out,
                                     bool decoy) {
  const Model& model = *analysis.model;
  const auto file = analysis.payloads->bytes({0, 0, model.files[0].size});
  if (!file) return fail(file.error());
  MessageEdits edits(*file, model.frames);
  if (out) {
    std::vector<std::string> locations{""};
    for (std::size_t i = 1; i < model.files.size(); ++i) {
      locations.push_back(data_file_name(*out, i));
    }
    if (auto done = rename_data_files(model, *file, locations, edits); !done) {
      return fail(done.error());
    }
  }
  if (auto done = write_key_locks(analysis.locked, *file, {decoy}, edits); !done) {
    return fail(done.error());
  }
  return edits.finish();
}

// What the salt is derived from.
Result<std::string> content_of(const EncryptRequest& request, Analysis& analysis) {
  return salt_content(*analysis.model, *analysis.payloads,
                      {text_of(request.locks.carry), text_of(request.locks.internal),
                       cache_text(request), request.locks.infer.dims, request.licensee});
}

fs::path checkpoint_name(const fs::path& out) {
  return fs::path(out).replace_extension(".safetensors");
}

// Takes the plan, unless the analysis goes into the report.
SealedPlan make_sealed(const EncryptRequest& request, Analysis& analysis, std::string content) {
  SealedPlan sealed;
  sealed.plan = request.analysed ? std::move(analysis.plan) : analysis.plan;
  for (const ModelFile& file : analysis.model->files) sealed.original_sizes.push_back(file.size);
  sealed.options = {{"carry", text_of(request.locks.carry)},
                    {"internal", text_of(request.locks.internal)},
                    {"cache", cache_text(request)}};
  if (!request.licensee.empty()) sealed.options.emplace_back("licensee", request.licensee);
  sealed.graph =
      hash_graph(analysis.model->structure, *analysis.payloads, sealed.plan, content);
  if (sealed.graph.size() > kMostRecords + kMostRecordsPerTensor * sealed.plan.tensors.size()) {
    sealed.graph.clear();
  }
  sealed.salt_content = std::move(content);
  return sealed;
}

// A checkpoint and what is known of it.
struct MatchedCheckpoint {
  Checkpoint checkpoint;
  Checkpoint::Match match;
};

Result<std::optional<MatchedCheckpoint>> match_checkpoint(const EncryptRequest& request,
                                                          const Analysis& analysis) {
  if (!request.checkpoint) return std::nullopt;
  auto checkpoint = Checkpoint::open(*request.checkpoint);
  if (!checkpoint) return fail(checkpoint.error());
  auto match = checkpoint->match(*analysis.model, *analysis.payloads, analysis.plan);
  if (!match) return fail(match.error());
  return MatchedCheckpoint{*std::move(checkpoint), *std::move(match)};
}

// A model, and the checkpoint beside it. What the model has and the checkpoint has not cannot move.
struct Subject {
  Analysis analysis;
  std::optional<MatchedCheckpoint> matched;
};

Result<Subject> analyse_with_checkpoint(const EncryptRequest& request) {
  LockOptions locks = request.locks;
  for (;;) {  // each round holds more tensors of the model still
    auto analysis = analyse_plain(request, locks);
    if (!analysis) return fail(analysis.error());
    auto matched = match_checkpoint(request, *analysis);
    if (!matched) return fail(matched.error());
    if (!*matched || (*matched)->match.missing.empty()) {
      return Subject{*std::move(analysis), *std::move(matched)};
    }
    const std::size_t before = locks.infer.still.size();
    locks.infer.still.merge((*matched)->match.missing);
    if (locks.infer.still.size() == before) {
      return fail(ErrorKind::kDefect, "a tensor moves that was held still");
    }
  }
}

// Writes the checkpoint, if there is one, on the way.
Result<CopyJob> make_job(const EncryptRequest& request, const KeySchedule& schedule,
                         SealedPlan& sealed, const std::optional<MatchedCheckpoint>& matched,
                         const std::vector<fs::path>& inputs, const fs::path& checkpoint) {
  const auto groups = derive_permutations(schedule, sealed.plan);
  if (matched) {
    sealed.checkpoint = matched->match.entries;
    const auto job = matched->checkpoint.job(sealed.plan, sealed.checkpoint, groups);
    if (!job) return fail(job.error());
    auto done = write_checkpoint(*job, checkpoint, request.force, request.threads);
    if (!done) return fail(done.error());
  }
  return encryption_job(sealed.plan, groups, inputs);
}

Result<void> write_files(const EncryptRequest& request, const SecretKey& key, Analysis& analysis,
                         const std::optional<MatchedCheckpoint>& matched,
                         const std::vector<fs::path>& files) {
  if (request.analysed) analysis.locked = {};
  auto content = content_of(request, analysis);
  if (!content) return fail(content.error());
  const Salt salt = derive_salt(key, *content);
  SealedPlan sealed = make_sealed(request, analysis, *std::move(content));
  const std::vector<fs::path> inputs = paths_of(*analysis.model);
  if (request.analysed) analysis = {};
  const auto job =
      make_job(request, KeySchedule(key, salt), sealed, matched, inputs, files.back());
  if (!job) return fail(job.error());
  std::vector<fs::path> model_files = files;
  if (matched) model_files.pop_back();
  const EncryptedFiles written{
      model_files,    sealed.original_sizes, request.force, request.threads,
      request.memory, request.progress,      key,           salt};
  if (request.in_place) return encrypt_in_place(written, *job, std::move(sealed));
  if (request.share) return write_share(written, *job, sealed, *request.share);
  if (request.join) return join_shares(written, *job, std::move(sealed));
  return write_encrypted(written, *job, std::move(sealed));
}

std::vector<fs::path> output_files(const EncryptRequest& request, const Model& model) {
  if (request.in_place) return paths_of(model);
  const fs::path out = request.out.value_or(encrypted_name(request.model));
  std::vector<fs::path> files{out};
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    files.push_back(out.parent_path() / data_file_name(out, i));
  }
  if (request.checkpoint) files.push_back(checkpoint_name(out));
  return files;
}

Result<void> check_mode(const EncryptRequest& request) {
  const int modes = request.in_place + request.share.has_value() + request.join;
  if (modes > 1 || (modes == 1 && request.checkpoint)) {
    return fail(ErrorKind::kUsage,
                "--in-place, --shard, --finish and --checkpoint exclude each other",
                "a checkpoint goes with a model that is encrypted in one go, beside the original");
  }
  if (request.in_place && request.out) {
    return fail(ErrorKind::kUsage, "--in-place and -o exclude each other",
                "in place, the model itself becomes the output");
  }
  const bool in_range = !request.share || (request.share->number >= 1 &&
                                           request.share->number <= request.share->count);
  if (in_range) return {};
  return fail(ErrorKind::kUsage, "there is no such share", "of 8 shares, the first is 1/8");
}

}  // namespace

Result<EncryptReport> encrypt(const EncryptRequest& request) {
  if (auto done = check_mode(request); !done) return fail(done.error());
  if (request.out) {
    if (auto done = check_distinct(request.model, *request.out); !done) return fail(done.error());
  }
  if (request.checkpoint && request.locks.carry != Carry::kData) {
    return fail(ErrorKind::kUsage, "a checkpoint has no place for locks inside the model",
                "use --carry data with --checkpoint");
  }
  auto subject = analyse_with_checkpoint(request);
  if (!subject) return fail(subject.error());
  EncryptReport report{std::move(subject->analysis), "", {}, {}};
  if (subject->matched) report.unmatched = subject->matched->match.unmatched;
  report.files = output_files(request, *report.analysis.model);
  if (request.analysed) request.analysed(report.analysis);
  auto edits =
      make_edits(report.analysis, request.in_place ? std::nullopt : std::optional(report.files[0]),
                 request.decoy);
  if (!edits) return fail(edits.error());
  report.analysis.plan.edits = *std::move(edits);
  if (request.dry_run) return report;

  const auto key = find_key(request.key);
  if (!key) return fail(key.error());
  report.key_id = key->id();
  auto done = write_files(request, *key, report.analysis, subject->matched, report.files);
  if (!done) return fail(done.error());
  if (request.share) report.files = {shares_folder(report.files[0])};
  return report;
}

}  // namespace permcrypt
