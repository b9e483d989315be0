// Cuts a plain model in three at one or two of its values.
#pragma once

#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

#include "permcrypt/status.h"
#include "write/shape_of_part.h"

namespace permcrypt {

struct ModelParts {
  onnx::ModelProto head, body, tail;
  // The values that pass into the body and out of it, inputs of the model among them.
  std::vector<std::string> into_body, out_of_body;
  std::vector<std::string> plain_from_head;  // outputs of the model, and what the tail asks for
};

// The head computes `begin`, the body goes on to `end` (or, when that is "", to the outputs), and the
// tail does the rest. What needs no data is computed wherever it is used: constants, and what is
// computed from shapes, which a part reads off the value it begins with.
//
// REQUIRES: `whole` holds all its data; `begin` and `end` are computed by nodes of its main graph.
// Errors: kUsage when one of them is computed from no data, `end` does not depend on `begin`, or
// nothing is left for the body; kInput when the shape of a value that has to pass is not known.
Result<ModelParts> cut_model(const onnx::ModelProto& whole, const ValueShapes& shapes,
                             const std::string& begin, const std::string& end);

}  // namespace permcrypt
