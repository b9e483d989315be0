// Protects a model: a copy of its files with permuted weights, and locks that only the key opens.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/analysis.h"
#include "permcrypt/key.h"
#include "permcrypt/lock.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct EncryptRequest {
  std::filesystem::path model;               // a .onnx file, or a folder with one model.onnx
  std::optional<std::filesystem::path> out;  // default: X.enc.onnx beside X.onnx
  KeyOptions key;
  LockOptions locks;
  std::string licensee;
  bool decoy = false;                               // the key input has a default, the identity
  bool strict = false;                              // an operator without a rule is an error
  bool dry_run = false;                             // stop before a key is needed
  std::optional<std::filesystem::path> checkpoint;  // a .safetensors file of the same model
  bool force = false;                               // replace existing outputs
  Progress progress;
  unsigned threads = 0;                             // 0: all cores
};

struct EncryptReport {
  Analysis analysis;                         // its plan has the edits
  std::string key_id;                        // "" after a dry run
  std::vector<std::filesystem::path> files;  // what was written, or would be; the .onnx first
  // Tensors of the checkpoint that no tensor of the model is: they stay as they are.
  std::vector<std::string> unmatched;
};

// A checkpoint, with carry kData only, is permuted by the plan of the model and written as X.enc.safetensors; tensors are
// matched by their elements, through the transposes that exporters insert, and by their names.
//
// Looks for the key only when model and state are fine. Errors, in this order: kUsage (output is
// input), kInput, kState (already encrypted; nothing to protect; no place for
// a lock; not strict; no decoy possible), kKey, kOutput.
Result<EncryptReport> encrypt(const EncryptRequest& request);

}  // namespace permcrypt
