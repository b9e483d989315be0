// What permcrypt makes of a model, in a form that can be reviewed and compared: what moves
// together, where the locks are, how much is protected.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt::testing {

struct Outline {
  std::vector<std::string> groups;   // "g0  48 residual", by first appearance
  std::vector<std::string> tensors;  // "blocks.0.fc1 [48, 96]  g0, g1", sorted by name
  std::vector<std::string> locks;    // "boundary axis 1 of 48 in 'add_3'  g0 -> g1", in order
  std::string coverage;
  std::vector<std::string> unknown;  // operators without a rule, and rules that gave up

  // A line each.
  std::string text() const;
};

// `printed`: what names are to read as. Throws std::runtime_error when the model cannot be
// analysed.
Outline outline(const onnx::ModelProto& model, const LockOptions& options,
                const std::function<std::string(const std::string&)>& printed = std::identity());

}  // namespace permcrypt::testing
