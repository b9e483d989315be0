// Writing the files of an encrypted model: the copy, and the manifest that completes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"
#include "write/sealed_plan.h"

namespace permcrypt {

// The files that one encrypted model consists of, and under which key.
struct EncryptedFiles {
  std::vector<std::filesystem::path> paths;  // the .onnx first, then data files as in the model
  std::vector<std::uint64_t> input_sizes;    // of the job's inputs
  bool force = false;                        // replace existing files
  unsigned threads = 0;
  Progress progress;
  const SecretKey& key;
  const Salt& salt;
};

// Carries out `job` and appends the manifest with `sealed`. `original`: the tags of the original
// files under ManifestKeys::original; empty when the job's inputs are the original files. Errors:
// kOutput; kInput, also when the .onnx would pass 2 GiB; kResult as copy_files().
Result<void> write_encrypted(const EncryptedFiles& files, const CopyJob& job, SealedPlan sealed,
                             std::vector<FileTags> original = {});

}  // namespace permcrypt
