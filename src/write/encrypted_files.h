// Writing the files of an encrypted model: the copy, and the manifest that completes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/output_file.h"
#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"
#include "write/manifest.h"
#include "write/sealed_plan.h"

namespace permcrypt {

// The files that one encrypted model consists of, and under which key.
struct EncryptedFiles {
  std::vector<std::filesystem::path> paths;  // the .onnx first, then data files as in the model
  std::vector<std::uint64_t> input_sizes;    // of the job's inputs
  bool force = false;                        // replace existing files
  unsigned threads = 0;
  std::uint64_t memory = kDefaultMemory;
  Progress progress;
  const SecretKey& key;
  const Salt& salt;
};

// Carries out `job` and appends the manifest with `sealed`. `original`: the tags of the original
// files under ManifestKeys::original; empty when the job's inputs are the original files. Errors:
// kOutput; kInput, also when the .onnx would pass 2 GiB; kResult as copy_files().
Result<void> write_encrypted(const EncryptedFiles& files, const CopyJob& job, SealedPlan sealed,
                             const std::vector<FileTags>& original = {});

// The parts of which that is made, for those who write the data files in another way.
CopyOptions copy_options(const EncryptedFiles& files, const ManifestKeys& keys);
// Appends the manifest to output `number`, the .onnx that `copied` tells of. Errors: kInput when it
// would pass 2 GiB.
Result<void> write_manifest(OutputSet& outputs, std::size_t number, const EncryptedFiles& files,
                            const SealedPlan& sealed, CopyResult& copied);

}  // namespace permcrypt
