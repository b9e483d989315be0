#include "permcrypt/encrypt.h"

#include <limits>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "permcrypt/apply.h"
#include "plan/salt_content.h"
#include "write/encrypted_model.h"
#include "write/graph_edits.h"
#include "write/manifest.h"
#include "write/message_edits.h"
#include "write/output_names.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// Protobuf's limit, and so that of a single .onnx file.
constexpr std::uint64_t kMaxModelBytes = std::numeric_limits<std::int32_t>::max();

const char* text_of(Carry carry) {
  return carry == Carry::kKey ? "key" : carry == Carry::kData ? "data" : "both";
}

const char* text_of(Internal internal) {
  return internal == Internal::kNone ? "none" : internal == Internal::kBlock ? "block" : "all";
}

const char* cache_text(const EncryptRequest& request) {
  return request.locks.infer.opaque_caches ? "opaque" : "plain";
}

tl::unexpected<Error> too_large() {
  return fail(ErrorKind::kInput, "the encrypted model would be larger than 2 GiB",
              "store its weights as external data first");
}

Result<Analysis> analyse_plain(const EncryptRequest& request) {
  auto model = read_model(request.model);
  if (!model) return fail(model.error());
  if (has_manifest(*model)) {
    return fail(ErrorKind::kState, in_quotes(request.model.native()) + " is already encrypted",
                "decrypt it first, or encrypt the original");
  }
  auto analysis = analyse(*std::move(model), request.locks);
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

Result<std::vector<Edit>> make_edits(Analysis& analysis, const fs::path& out, bool decoy) {
  const Model& model = *analysis.model;
  const auto file = analysis.payloads->bytes({0, 0, model.files[0].size});
  if (!file) return fail(file.error());
  std::vector<std::string> locations{""};
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    locations.push_back(data_file_name(out, i));
  }
  MessageEdits edits(*file, model.frames);
  if (auto done = rename_data_files(model, *file, locations, edits); !done) {
    return fail(done.error());
  }
  if (auto done = write_locks(analysis.locked, *file, {decoy}, edits); !done) {
    return fail(done.error());
  }
  return edits.finish();
}

Result<Salt> make_salt(const EncryptRequest& request, const SecretKey& key, Analysis& analysis) {
  const auto content =
      salt_content(*analysis.model, *analysis.payloads,
                   {text_of(request.carry), text_of(request.locks.internal), cache_text(request),
                    request.locks.infer.dims, request.licensee});
  if (!content) return fail(content.error());
  return derive_salt(key, *content);
}

SealedPlan make_sealed(const EncryptRequest& request, const Analysis& analysis) {
  SealedPlan sealed;
  sealed.plan = analysis.plan;
  for (const ModelFile& file : analysis.model->files) sealed.original_sizes.push_back(file.size);
  sealed.options = {{"carry", text_of(request.carry)},
                    {"internal", text_of(request.locks.internal)},
                    {"cache", cache_text(request)}};
  if (!request.licensee.empty()) sealed.options.emplace_back("licensee", request.licensee);
  return sealed;
}

// Data files first: the file that refers to them is the last to appear.
Result<std::vector<std::size_t>> open_outputs(OutputSet& outputs, const EncryptRequest& request,
                                              const CopyJob& job, const Model& model,
                                              const std::vector<fs::path>& files) {
  std::vector<std::size_t> numbers(files.size());
  for (std::size_t i = files.size(); i-- > 0;) {
    const auto number = outputs.add(
        files[i], {.if_exists = request.force ? IfExists::kReplace : IfExists::kRefuse});
    if (!number) return fail(number.error());
    numbers[i] = *number;
    const auto size = model.files[i].size + static_cast<std::uint64_t>(growth(job.files[i]));
    if (auto done = outputs.reserve(*number, size); !done) return fail(done.error());
  }
  return numbers;
}

Result<void> write_files(const EncryptRequest& request, const SecretKey& key, Analysis& analysis,
                         const std::vector<fs::path>& files) {
  const auto salt = make_salt(request, key, analysis);
  if (!salt) return fail(salt.error());
  const KeySchedule schedule(key, *salt);
  const std::vector<fs::path> inputs = paths_of(*analysis.model);
  const CopyJob job =
      encryption_job(analysis.plan, derive_permutations(schedule, analysis.plan), inputs);
  OutputSet outputs(inputs);
  const auto numbers = open_outputs(outputs, request, job, *analysis.model, files);
  if (!numbers) return fail(numbers.error());

  const ManifestKeys keys = ManifestKeys::derive(schedule);
  CopyOptions options;
  options.threads = request.threads;
  options.input_key = keys.original;
  options.output_key = keys.mac;
  auto copied = copy_files(job, options, [&](std::size_t file, std::uint64_t offset, auto bytes) {
    return outputs.write((*numbers)[file], offset, bytes);
  });
  if (!copied) return fail(copied.error());
  const std::string manifest =
      make_manifest({key.id(), *salt}, make_sealed(request, analysis), keys, *copied);
  const std::uint64_t size = copied->outputs[0].size;
  if (size > kMaxModelBytes) return too_large();
  if (auto done = outputs.write((*numbers)[0], size - manifest.size(), manifest); !done) {
    return done;
  }
  return outputs.commit();
}

std::vector<fs::path> output_files(const EncryptRequest& request, const Model& model) {
  const fs::path out = request.out.value_or(encrypted_name(request.model));
  std::vector<fs::path> files{out};
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    files.push_back(out.parent_path() / data_file_name(out, i));
  }
  return files;
}

}  // namespace

Result<EncryptReport> encrypt(const EncryptRequest& request) {
  if (request.carry != Carry::kKey) {
    return fail(ErrorKind::kUsage, "this version carries the key as an input only",
                "leave out --carry, or use --carry key");
  }
  if (request.out) {
    if (auto done = check_distinct(request.model, *request.out); !done) return fail(done.error());
  }
  auto analysis = analyse_plain(request);
  if (!analysis) return fail(analysis.error());
  EncryptReport report{*std::move(analysis), "", {}};
  report.files = output_files(request, *report.analysis.model);
  auto edits = make_edits(report.analysis, report.files[0], request.decoy);
  if (!edits) return fail(edits.error());
  report.analysis.plan.edits = *std::move(edits);
  if (request.dry_run) return report;

  const auto key = find_key(request.key);
  if (!key) return fail(key.error());
  report.key_id = key->id();
  if (auto done = write_files(request, *key, report.analysis, report.files); !done) {
    return fail(done.error());
  }
  return report;
}

}  // namespace permcrypt
