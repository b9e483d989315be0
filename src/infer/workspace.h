// The state of one inference: operands by value id, the axis store, labels, dimensions, notes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infer/affine.h"
#include "infer/dimensions.h"
#include "infer/folded.h"
#include "infer/labels.h"
#include "permcrypt/infer.h"

namespace permcrypt {

// What is known of a value while inferring.
struct Operand {
  bool known = false;       // rank and extents are known
  bool constant = false;    // depends on constants only
  std::int32_t type = 0;    // onnx::TensorProto::DataType
  LabelId label = kNone;    // what its elements index, if integers
  TensorId tensor = kNone;  // it is this initializer itself
  std::vector<Axis> axes;
  FoldedPtr folded;                      // its elements, if known
  std::shared_ptr<const Affine> affine;  // or how they follow from their indices
  // Of coordinates along the last axis: how these do.
  std::shared_ptr<const std::vector<Affine>> columns;
};

// Thrown when only one extent of a dynamic dimension satisfies an operator: inference starts over
// with the dimension bound.
struct Rebind {
  std::string dimension;
  std::int64_t extent;
};

// Two axes that had to be equal and were not, at a node.
struct Mismatch {
  NodeId node = kNone;
  Axis x, y;
};

struct Workspace {
  Workspace(const Graph& graph, const InferOptions& options, SizeAssumptions sizes);

  const Graph& graph;
  const InferOptions& options;
  AxisStore axes;
  Labels labels{axes};
  Dimensions dimensions;
  std::vector<Operand> operands;               // by ValueId
  std::map<ExprId, std::string> dimension_of;  // factor of an input's dynamic dimension -> name
  std::map<ValueId, PayloadView> views;
  std::vector<CachePair> caches;
  std::map<std::string, int> unknown_ops, gave_up;
  std::vector<std::string> notes;
  std::vector<Mismatch> mismatches;
  int misaligned = 0;  // nodes that divide a dynamic extent by what does not divide its prime

  Axis free_axis(std::int64_t a, std::int64_t b);
  Axis fixed_axis(std::int64_t a, std::int64_t b, std::string_view why);
  void pin(Operand& operand, std::string_view why);
  void note(std::string text) { notes.push_back(std::move(text)); }

  // Runs the rules of all nodes of a body; operands of its inputs must be set. Used by the driver
  // for the main graph, and by control-flow rules for theirs.
  void run_body(BodyId body);
};

bool is_index_type(std::int32_t type);  // INT32, INT64

}  // namespace permcrypt
