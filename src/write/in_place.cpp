#include "write/in_place.h"

#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

#include "apply/in_place.h"
#include "base/output_file.h"
#include "base/quote.h"
#include "permcrypt/encrypt.h"
#include "write/encrypted_model.h"
#include "write/output_names.h"
#include "write/step_record.h"
#include "write/write_progress.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

DigestKey journal_key(const EncryptedFiles& files) {
  return KeySchedule(files.key, files.salt).subkey("journal");
}

// Half of the memory is for a step and its record.
std::uint64_t step_bytes(std::uint64_t memory) { return std::max<std::uint64_t>(memory / 8, 4096); }

// A file with another name is somebody else's as well.
Result<void> check_unshared(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    struct stat status;
    if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1) {
      continue;
    }
    return fail(ErrorKind::kState, in_quotes(path.native()) + " is a link, or has one elsewhere",
                "encrypting in place would change the other as well: write a copy with -o");
  }
  return {};
}

Result<std::vector<WritableFile>> open_data(const CopyJob& job) {
  std::vector<WritableFile> data;
  for (std::size_t i = 1; i < job.files.size(); ++i) {
    auto file = WritableFile::open(job.files[i].input);
    if (!file) return fail(std::move(file.error()));
    data.push_back(std::move(*file));
  }
  return data;
}

Result<void> apply_step(const InPlaceStep& step, std::vector<WritableFile>& data) {
  WritableFile& file = data[step.file - 1];
  std::string_view bytes = step.bytes;
  for (const InPlaceStep::Place& place : step.places) {
    auto done = file.write(place.offset, bytes.substr(0, place.length));
    if (!done) return done;
    bytes.remove_prefix(place.length);
  }
  return file.sync();
}

std::vector<std::uint64_t> sizes_of_moves(const CopyJob& job) {
  std::vector<std::uint64_t> sizes;
  for (const FileCopy& file : std::span(job.files).subspan(1)) {
    for (const PayloadMove& move : file.moves) sizes.push_back(move.length);
  }
  return sizes;
}

// The data files are done: writes the .onnx.
Result<void> replace_model(const EncryptedFiles& files, CopyJob job, const SealedPlan& sealed) {
  for (std::size_t i = 1; i < job.files.size(); ++i) job.files[i].moves.clear();
  for (PayloadMove& move : job.files[0].moves) {
    if (move.sparse && move.sparse->file > 0) move.sparse->moved = true;
  }
  OutputSet outputs;
  struct stat status;
  const unsigned mode =
      ::stat(files.paths[0].c_str(), &status) == 0 ? status.st_mode & 07777 : 0666;
  const auto number = outputs.add(files.paths[0], {.if_exists = IfExists::kReplace, .mode = mode});
  if (!number) return fail(number.error());
  const ManifestKeys keys = ManifestKeys::derive(KeySchedule(files.key, files.salt));
  auto copied = copy_files(job, copy_options(files, keys),
                           [&](std::size_t file, std::uint64_t offset, auto bytes) -> Result<void> {
                             if (file > 0) return {};  // read for its tags
                             return outputs.write(*number, offset, bytes);
                           });
  if (!copied) return fail(copied.error());
  if (auto done = write_manifest(outputs, *number, files, sealed, *copied); !done) return done;
  return outputs.commit();
}

Result<void> run(const EncryptedFiles& files, const CopyJob& job, const SealedPlan& sealed,
                 Journal& journal) {
  auto done = permute_in_place(job, journal, journal_key(files), files.threads, files.progress);
  if (!done) return done;
  if (done = replace_model(files, job, sealed); !done) return done;
  return journal.remove();
}

Result<std::vector<fs::path>> paths_in(const fs::path& model, const SealedPlan& sealed) {
  std::vector<fs::path> paths{fs::absolute(model)};
  for (const std::string& location : sealed.plan.data_files) {
    paths.push_back((paths[0].parent_path() / location).lexically_normal());
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::error_code error;
    if (fs::file_size(paths[i], error) == sealed.original_sizes[i] && !error) continue;
    return fail(ErrorKind::kResult, in_quotes(paths[i].native()) + " is not the file it was",
                "restore it: the journal says how to go on, but not what was in it");
  }
  return paths;
}

}  // namespace

Result<void> permute_in_place(const CopyJob& job, Journal& journal, const DigestKey& key,
                              unsigned threads, const Progress& progress) {
  auto data = open_data(job);
  if (!data) return fail(data.error());
  WriteProgress written(progress, sizes_of_moves(job));
  InPlace work(job, journal.step_bytes(), threads);
  const auto newest = journal.newest(key);
  if (!newest) return fail(newest.error());
  InPlaceCursor cursor;
  if (*newest) {
    const auto step = parse_record(**newest);
    if (!step || step->file == 0 || step->file > data->size()) {
      return fail(ErrorKind::kDefect, "a record of the journal is not readable");
    }
    if (auto done = apply_step(*step, *data); !done) return done;
    cursor = step->next;
  }
  for (InPlaceStep used;;) {
    auto step = work.next(cursor, std::move(used));
    if (!step) return fail(step.error());
    if (step->places.empty()) return {};
    if (auto done = journal.append(record_head(*step), step->bytes, key); !done) return done;
    if (auto done = apply_step(*step, *data); !done) return done;
    written.add(step->bytes.size());
    cursor = step->next;
    used = std::move(*step);
  }
}

Result<void> encrypt_in_place(const EncryptedFiles& files, const CopyJob& job, SealedPlan sealed) {
  if (auto done = check_unshared(files.paths); !done) return done;
  if (auto done = open_data(job); !done) return fail(done.error());
  const std::uint64_t bytes = step_bytes(files.memory);
  if (auto done = InPlace(job, bytes, files.threads).check(); !done) return done;
  const ManifestKeys keys = ManifestKeys::derive(KeySchedule(files.key, files.salt));
  const auto original = tag_files(files.paths, keys.original, false, files.threads);
  if (!original) return fail(original.error());
  record_original(sealed, *original, keys);
  auto journal =
      Journal::create(Journal::path_for(files.paths[0]),
                      unsigned_manifest({files.key.id(), files.salt}, sealed, keys), bytes);
  if (!journal) return fail(journal.error());
  return run(files, job, sealed, *journal);
}

Result<std::optional<ResumeReport>> resume_in_place(const EncryptRequest& request) {
  const fs::path model = model_file(request.model);
  const fs::path path = Journal::path_for(model);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  auto journal = Journal::open(path);
  if (!journal) return fail(journal.error());
  const auto manifest = find_manifest(journal->header());
  if (!manifest) return fail(ErrorKind::kResult, in_quotes(path.native()) + " is damaged");
  if (!*manifest) return fail(manifest->error());
  const OpenManifest& open = (*manifest)->open;
  const auto key = find_key(request.key);
  if (!key) return fail(key.error());
  if (auto same = check_key_id(open, key->id()); !same) return fail(same.error());
  const KeySchedule schedule(*key, open.salt);
  const auto sealed = unseal(**manifest, ManifestKeys::derive(schedule));
  if (!sealed) return fail(sealed.error());

  // Killed between the last two steps: only the journal is too much.
  const auto now = read_model(model);
  if (now && has_manifest(*now)) {
    if (auto done = journal->remove(); !done) return fail(done.error());
    return ResumeReport{key->id(), paths_of(*now)};
  }
  const auto paths = paths_in(model, *sealed);
  if (!paths) return fail(paths.error());
  const CopyJob job =
      encryption_job(sealed->plan, derive_permutations(schedule, sealed->plan), *paths);
  const EncryptedFiles files{*paths,         sealed->original_sizes, true, request.threads,
                             request.memory, request.progress,       *key, open.salt};
  if (auto done = run(files, job, *sealed, *journal); !done) return fail(done.error());
  return ResumeReport{key->id(), *paths};
}

}  // namespace permcrypt
