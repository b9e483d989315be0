// What only the key holder may read: the plan, and what is needed to prove that it was undone
// right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permcrypt/apply.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

// How the elements of a checkpoint's tensor lie, compared to the model's.
enum class CheckpointLayout : std::uint8_t {
  kSame,
  kTransposed,  // a matrix, with its axes exchanged
  kRows,        // the model has some rows of it: the last axis is the same, the others stay
};

// A tensor of the PyTorch checkpoint that was encrypted beside the model.
struct CheckpointEntry {
  std::string name;          // in the checkpoint
  std::uint32_t tensor = 0;  // index into Plan::tensors
  CheckpointLayout layout = CheckpointLayout::kSame;
  bool operator==(const CheckpointEntry&) const = default;
};

struct SealedPlan {
  Plan plan;
  std::vector<std::uint64_t> original_sizes;                 // of all files; [0] is the .onnx
  Digest original{};                                         // digest_files() of the original files
  std::vector<std::pair<std::string, std::string>> options;  // of encrypt, for people
  std::vector<CheckpointEntry> checkpoint;
  std::string salt_content;  // what the salt was derived from, for rekey; "" in early files
  std::string graph;         // hash_records() of the original under salt_content; "" in early files
};

// Compact JSON, the same for equal plans (docs/format.md, "Manifest"). Large models have thousands
// of tensors, so tensors and edits are columns, offsets are gaps, and what repeats is stored once.
std::string to_json(const SealedPlan& sealed);

// The inverse. Spans lie within the original files, are sorted and do not overlap; axes fit views;
// groups exist; data files stay inside the model's folder. Errors (kResult): anything else.
Result<SealedPlan> parse_sealed_plan(std::string_view json);

}  // namespace permcrypt
