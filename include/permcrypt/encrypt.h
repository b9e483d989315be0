// Protects a model: a copy of its files with permuted weights, and locks that only the key opens.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/analysis.h"
#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/lock.h"
#include "permcrypt/progress.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Share `number` of `count`, from 1.
struct Share {
  std::uint32_t number = 1, count = 1;
};

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
  // Told what is known of the model, without edits, before a key is looked for. With it, the
  // analysis of a model of very many tensors is not in memory any more while files are written.
  std::function<void(Analysis&)> analysed;
  Progress progress;
  unsigned threads = 0;                   // 0: all cores
  std::uint64_t memory = kDefaultMemory;  // for buffers and pages, in bytes, about

  // At most one of these. Without any, everything is written beside the original.
  bool in_place = false;       // the files of the model itself are rewritten; `out` must be absent
  std::optional<Share> share;  // write this share of the data files only, into `out`.shares
  bool join = false;           // all shares are there: check them and write the model
};

struct EncryptReport {
  // Its plan has the edits. Empty when files were written, and `analysed` was told of it.
  Analysis analysis;
  std::string key_id;  // "" after a dry run
  // What was written, or would be; the .onnx first. A share: where it lies.
  std::vector<std::filesystem::path> files;
  // Tensors of the checkpoint that no tensor of the model is: they stay as they are.
  std::vector<std::string> unmatched;
};

// Ends what an `encrypt` with in_place began and could not end: a journal beside the model says
// where it stopped. Nothing when there is no journal. Errors: kKey; kOutput, also when another
// process is at it; kResult when the journal or the model was changed.
struct ResumeReport {
  std::string key_id;
  std::vector<std::filesystem::path> files;
};
Result<std::optional<ResumeReport>> resume_in_place(const EncryptRequest& request);

// A checkpoint, with carry kData only, is permuted by the plan of the model and written as
// X.enc.safetensors; tensors are
// matched by their elements, through the transposes that exporters insert, and by their names.
//
// Looks for the key only when model and state are fine. Errors, in this order: kUsage (output is
// input; options that exclude each other), kInput, kState (already encrypted;
// nothing to protect; no place for a lock; not strict; no decoy possible; half encrypted in place;
// no or other shares), kKey, kOutput.
Result<EncryptReport> encrypt(const EncryptRequest& request);

}  // namespace permcrypt
