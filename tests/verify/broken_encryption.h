// An encryption whose plan was changed before it was carried out: what a wrong rule of inference
// would make. The file is consistent with its plan, so only the numbers tell.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "base/temp_folder.h"
#include "permcrypt/analysis.h"
#include "write/encrypted_model.h"
#include "write/graph_edits.h"

namespace permcrypt::test {

// Encrypts `original`, a model without data files, into `out` under `key`; `change` sees the plan
// first.
inline void encrypt_changed(const std::filesystem::path& original, const std::filesystem::path& out,
                            const SecretKey& key, const std::function<void(Plan&)>& change) {
  auto analysis = analyse(*read_model(original), {});
  REQUIRE(analysis.has_value());
  const std::string bytes = read_all(original);
  MessageEdits edits(bytes, analysis->model->frames);
  REQUIRE(write_locks(analysis->locked, bytes, {}, edits).has_value());
  SealedPlan sealed;
  sealed.plan = analysis->plan;
  sealed.plan.edits = edits.finish();
  change(sealed.plan);

  const Salt salt{1};
  const KeySchedule schedule(key, salt);
  const ManifestKeys keys = ManifestKeys::derive(schedule);
  const CopyJob job =
      encryption_job(sealed.plan, derive_permutations(schedule, sealed.plan), {original});
  CopyOptions options;
  options.input_key = keys.original;
  options.output_key = keys.mac;
  std::string made(bytes.size() + static_cast<std::size_t>(growth(job.files[0])), '\0');
  auto copied = copy_files(job, options, [&](std::size_t, std::uint64_t at, std::string_view part) {
    made.replace(at, part.size(), part);
    return Result<void>();
  });
  REQUIRE(copied.has_value());
  record_original(sealed, copied->inputs, keys);
  std::ofstream(out, std::ios::binary)
      << made << make_manifest({key.id(), salt}, sealed, keys, *copied);
}

}  // namespace permcrypt::test
