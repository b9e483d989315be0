// Restores the files that a model was encrypted from, byte for byte, and proves it.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct DecryptRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out;  // default: X.dec.onnx beside X.enc.onnx
  KeyOptions key;
  // An encrypted checkpoint of the same model, fine-tuned or not, becomes X.dec.safetensors.
  std::optional<std::filesystem::path> checkpoint;
  // Training, casting or re-saving was meant: payloads may differ from those that were encrypted,
  // in contents, floating-point type and place; the rest of graph and manifest may not.
  bool changed_weights = false;
  bool force = false;
  Progress progress;
  unsigned threads = 0;
  std::uint64_t memory = kDefaultMemory;  // for buffers, in bytes, about
};

struct DecryptReport {
  std::vector<std::filesystem::path> files;  // the .onnx first
  bool changed = false;     // not the original, which nothing proves then: the weights were changed
  bool recorded = true;     // of a changed model: whether its graph could be compared as well
};

// Data files get their original names in the folder of the output; one that is there already with
// the same bytes is accepted. Nothing appears unless the MAC over all that was read and the digest
// of all that was written are right.
//
// Errors, in this order: kUsage, kInput, kState (not encrypted; an unlocked copy), kKey (none,
// another), kOutput, kResult (a file or the manifest was changed).
Result<DecryptReport> decrypt(const DecryptRequest& request);

}  // namespace permcrypt
