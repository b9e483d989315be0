// Gives an encrypted model another key. The plain model is never on disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct RekeyRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out;  // default: X.rekeyed.onnx beside X.enc.onnx
  KeyOptions key;                            // of the model
  KeyOptions to;                             // the new one; `to.file` names it
  bool force = false;
  Progress progress;
  unsigned threads = 0;
  std::uint64_t memory = kDefaultMemory;  // for buffers, in bytes, about
};

struct RekeyReport {
  std::string key_id;                        // of the new key
  std::vector<std::filesystem::path> files;  // the .onnx first
};

// The result is, byte for byte, what encrypting the original under the new key with the same
// options would give (only files of early versions get other permutations). Tokens for the old file
// do not run it. Reads the files twice: the manifest has a keyed digest of the original.
//
// Errors, in this order: kUsage (also for the same key again), kInput, kState (not encrypted; an
// unlocked copy), kKey, kOutput, kResult (a file or the manifest was changed).
Result<RekeyReport> rekey(const RekeyRequest& request);

}  // namespace permcrypt
