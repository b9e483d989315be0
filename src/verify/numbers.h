// Everything of verify that runs the models: equality, uselessness without the key, near keys, and
// what users will see.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <vector>

#include "permcrypt/plan.h"
#include "permcrypt/verify.h"

namespace permcrypt {

// What the numeric checks need, whether a key or a token opened the model.
struct Opened {
  std::filesystem::path path;
  const onnx::ModelProto& structure;
  Plan plan;
  std::vector<Permutation> groups;  // none with a token
  std::vector<std::int32_t> key;    // lock_vector()
  std::vector<std::int32_t> other;  // that of another model; none with a token
  bool by_token = false;
};

// Equality, where there is an original, and uselessness in ONNX Runtime. Optimisations are off on
// both sides for the proof: locks change what the runtime fuses, and a quantised model differs from
// itself when fused otherwise. Without ONNX Runtime, or where the model does not run on made-up
// inputs, the verdict says so.
Result<void> run_numeric(const VerifyRequest& request, const std::filesystem::path* original,
                         const Opened& opened, Verdict& verdict);

// Whether the check is that results under a key that is not the right one are useless.
bool is_negative(const Check& check);

}  // namespace permcrypt
