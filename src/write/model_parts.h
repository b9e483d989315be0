// Cuts a plain model in three at one or two of its values.
#pragma once

#include <map>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

#include "permcrypt/infer.h"
#include "permcrypt/status.h"

namespace permcrypt {

// What is known of the values of the main graph, by name.
using ValueShapes = std::map<std::string, ValueFacts>;

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

// Gives a value another name, wherever a graph, or one inside of it, uses it.
void rename_value(onnx::GraphProto& graph, const std::string& from, const std::string& to);

}  // namespace permcrypt
