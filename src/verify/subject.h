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
  SecretKey key;
  std::filesystem::path path;
  std::vector<std::filesystem::path> files;  // of the encrypted model; [0] is the .onnx
  onnx::ModelProto structure;                // as in Model
  Manifest manifest;
  ManifestKeys keys;
  SealedPlan sealed;
  std::vector<Permutation> groups;
};

// Errors, in this order: kInput; kState (not encrypted); kKey; kResult (the manifest was changed).
Result<Subject> open_subject(const std::filesystem::path& path, const KeyOptions& key);

}  // namespace permcrypt
