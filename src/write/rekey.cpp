#include "permcrypt/rekey.h"

#include <utility>

#include "base/output_file.h"
#include "permcrypt/apply.h"
#include "write/compose_edits.h"
#include "write/encrypted_files.h"
#include "write/encrypted_model.h"
#include "write/graph_edits.h"
#include "write/output_names.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// What the new salt is derived from. Early files do not say what theirs came from.
std::string content_of(const SealedPlan& sealed, const SecretKey& old_key, const Salt& old_salt) {
  if (!sealed.salt_content.empty()) return sealed.salt_content;
  const auto content = KeySchedule(old_key, old_salt).subkey("rekey");
  return {content.begin(), content.end()};
}

// Checks that the files are as they were written, and returns the tags of the original under `key`.
Result<std::vector<FileTags>> tags_of_original(const EncryptedModel& encrypted,
                                               const OpenedModel& opened, const DigestKey& key,
                                               const RekeyRequest& request) {
  const auto job = decryption_job(opened.sealed.plan, opened.groups, paths_of(encrypted.model),
                                  opened.sealed.original_sizes[0]);
  if (!job) return fail(job.error());
  CopyOptions options;
  options.threads = request.threads;
  options.memory = request.memory;
  options.input_key = opened.keys.mac;
  options.output_key = key;
  auto copied = copy_files(*job, options, [](auto, auto, auto) { return Result<void>{}; });
  if (!copied) return fail(copied.error());
  const auto same = check_mac(*encrypted.manifest, copied->inputs, opened.keys);
  if (!same) return fail(same.error());
  return std::move(copied->outputs);
}

// The locations of data files follow the name of the .onnx.
Result<std::vector<Edit>> location_edits(const Model& model, const fs::path& out) {
  PayloadReader reader(model);
  const auto file = reader.bytes({0, 0, model.files[0].size});
  if (!file) return fail(file.error());
  std::vector<std::string> locations{""};
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    locations.push_back(data_file_name(out, i));
  }
  MessageEdits edits(*file, model.frames);
  if (auto done = rename_data_files(model, *file, locations, edits); !done) {
    return fail(done.error());
  }
  return edits.finish();
}

// result[i] = second[first[i]].
Permutation after(const Permutation& second, const Permutation& first) {
  std::vector<std::uint32_t> result;
  for (const std::uint32_t index : first.old_of_new()) result.push_back(second[index]);
  return Permutation(std::move(result));
}

// From the order of one key to that of another: the payloads lie where the old file has them.
Result<CopyJob> rekey_job(const OpenedModel& opened, const std::vector<Permutation>& groups,
                          const std::vector<fs::path>& inputs, std::vector<Edit> edits) {
  const auto way_back =
      decryption_job(opened.sealed.plan, opened.groups, inputs, opened.sealed.original_sizes[0]);
  if (!way_back) return fail(way_back.error());
  const CopyJob way_there = encryption_job(opened.sealed.plan, groups, inputs);
  CopyJob job = *way_back;
  std::vector<bool> renames(job.permutations.size());
  for (FileCopy& file : job.files) {
    for (const PayloadMove& move : file.moves) {
      if (move.values != kNone) renames[move.values] = true;
    }
  }
  for (std::size_t i = 0; i < job.permutations.size(); ++i) {
    const Permutation& back = way_back->permutations[i];
    const Permutation& there = way_there.permutations[i];
    // Axes are gathered, new[i] = plain[there[i]]; coordinates are mapped, and go forward.
    job.permutations[i] = renames[i] ? after(there, back) : after(back, there);
  }
  for (FileCopy& file : job.files) file.edits.clear();
  job.files[0].edits = std::move(edits);
  return job;
}

// Before the files are read, which may take a while: can the outputs be written at all?
Result<void> check_outputs(const RekeyRequest& request, const Model& model,
                           const std::vector<fs::path>& files) {
  OutputSet trial(paths_of(model));
  for (const fs::path& file : files) {
    const auto added =
        trial.add(file, {.if_exists = request.force ? IfExists::kReplace : IfExists::kRefuse});
    if (!added) return fail(added.error());
  }
  return {};
}

}  // namespace

Result<RekeyReport> rekey(const RekeyRequest& request) {
  const fs::path out = request.out.value_or(beside_encrypted(request.model, ".rekeyed.onnx"));
  if (auto done = check_distinct(request.model, out); !done) return fail(done.error());
  const auto encrypted = read_encrypted(request.model);
  if (!encrypted) return fail(encrypted.error());
  const Model& model = encrypted->model;

  const auto old_key = find_key(request.key);
  if (!old_key) return fail(old_key.error());
  const auto new_key = find_key(request.to);
  if (!new_key) return fail(new_key.error());
  if (old_key->id() == new_key->id()) {
    return fail(ErrorKind::kUsage, "the new key is the old one",
                "make another with permcrypt keygen -o FILE");
  }
  if (encrypted->manifest) {
    const auto same = check_key_id(encrypted->manifest->open, old_key->id());
    if (!same) return fail(same.error());
  }
  RekeyReport report{new_key->id(), {out}};
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    report.files.push_back(out.parent_path() / data_file_name(out, i));
  }
  if (auto done = check_outputs(request, model, report.files); !done) return fail(done.error());
  const auto opened = open_with(*old_key, *encrypted);
  if (!opened) return fail(opened.error());

  const Salt salt =
      derive_salt(*new_key, content_of(opened->sealed, *old_key, encrypted->manifest->open.salt));
  const KeySchedule schedule(*new_key, salt);
  auto original =
      tags_of_original(*encrypted, *opened, ManifestKeys::derive(schedule).original, request);
  if (!original) return fail(original.error());
  const auto edits = location_edits(model, out);
  if (!edits) return fail(edits.error());
  const auto job = rekey_job(*opened, derive_permutations(schedule, opened->sealed.plan),
                             paths_of(model), *edits);
  if (!job) return fail(job.error());

  SealedPlan sealed = opened->sealed;
  sealed.plan.edits = compose_edits(sealed.plan.edits, *edits);
  std::vector<std::uint64_t> sizes;
  for (const ModelFile& file : model.files) sizes.push_back(file.size);
  auto done = write_encrypted({report.files, sizes, request.force, request.threads, request.memory,
                               request.progress, *new_key, salt},
                              *job, std::move(sealed), *original);
  if (!done) return fail(done.error());
  return report;
}

}  // namespace permcrypt
