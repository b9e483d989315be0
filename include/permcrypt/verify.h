// Is an encrypted model right with the key, and useless without it?
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct VerifyRequest {
  std::filesystem::path encrypted;
  std::optional<std::filesystem::path> original;
  std::optional<std::filesystem::path> token;  // instead of a key: fewer checks
  KeyOptions key;
  std::optional<std::filesystem::path> inputs;  // DATA; absent: inputs are made
  bool numeric = false;                         // ONNX Runtime is a must
  bool static_only = false;                     // nothing is run
  std::optional<std::filesystem::path> record;  // write a known answer
  std::optional<std::filesystem::path> known;   // check against one
  bool changed_weights = false;                 // as in DecryptRequest
  bool force = false;
  unsigned threads = 0;
};

enum class Outcome : std::uint8_t { kPassed, kFailed, kSkipped, kNoted };

// One line of the verdict.
struct Check {
  std::string name;  // "bytes", "with the key", "wrong keys", ...
  Outcome outcome = Outcome::kPassed;
  std::string detail;  // what was compared and how it came out
  std::string advice;  // of a failure
};

// One output of one comparison, with the figures a reader may want.
struct OutputFigures {
  std::string run;  // "with the key", "without (identity)", "wrong key 3", ...
  std::string output;
  double max_absolute = 0, mean_absolute = 0, p99_absolute = 0;
  double max_relative = 0, mean_relative = 0, p99_relative = 0;
  double cosine = 0;
  double smallest_tolerance = 0;
  double differing = 0;             // share of elements that are not equal
  std::uint64_t top_positions = 0;  // 0: the output is no choice among classes
  double top_agreement = 0, top_chance = 0;
};

// How much the results are worth under one key, over all outputs but caches.
struct Worth {
  double max_relative = 0;   // the largest error of all outputs, in their standard deviations
  double mean_relative = 0;  // the mean error of the output that is off furthest
  std::uint64_t top_positions = 0;
  double top_agreement = 0;
};

// The right key but for so many exchanged pairs in every lock, among entries that the inputs use.
struct SwapFigures {
  std::uint64_t swaps = 0;  // in a lock of fewer entries: as many as there is room for
  Worth worth;
};

// The right key but for one lock, which is random: what this lock is worth alone.
struct LockFigures {
  std::string value;  // what it sits on, as the plan calls it
  std::string kind;
  std::uint32_t axis = 0;
  std::uint64_t size = 0;
  double bits = 0;
  Worth worth;
};

// What an encrypted model has in common with its original, byte for byte.
struct SharedTensor {
  std::string name;
  std::uint64_t bytes = 0;
};

struct Verdict {
  std::vector<Check> checks;
  std::vector<OutputFigures> figures;
  std::vector<SwapFigures> swaps;    // 1, 2, 4, ...
  std::vector<LockFigures> locks;    // in the order of the key
  std::vector<SharedTensor> shared;  // the largest first
  bool passed() const;
  const Check* first_failure() const;
};

// Runs every check that the request allows. A failed check is part of the verdict, not an error.
// Errors: kUsage when `numeric`, `record` or `known` is asked for without ONNX Runtime; kInput;
// kState (not encrypted); kKey, also for a known answer made under another token; kOutput;
// kResult when the manifest itself is damaged.
Result<Verdict> verify(const VerifyRequest& request);

}  // namespace permcrypt
