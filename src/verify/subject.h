// An encrypted model, opened with the key: its manifest checked, its plan and permutations at hand.
#pragma once

#include <filesystem>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "write/manifest.h"

namespace permcrypt {

struct Subject {
  std::filesystem::path path;
  std::vector<std::filesystem::path> files;  // of the encrypted model; [0] is the .onnx
  Manifest manifest;
  ManifestKeys keys;
  SealedPlan sealed;
  std::vector<Permutation> groups;
};

// Errors: those of read_model(), read_manifest(), find_key(), check_key_id() and unseal().
Result<Subject> open_subject(const std::filesystem::path& path, const KeyOptions& key);

}  // namespace permcrypt
