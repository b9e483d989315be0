// Which axes of which tensors must be renumbered together, and which not at all?
//
// Inference walks the analysed graph once, in topological order. Each operator has a rule that
// states its index structure in terms of the axis algebra; what no rule understands is pinned, with
// the reason, and never guessed. Soundness: for every assignment of permutations to the free
// factors, the graph computes the same function up to floating-point reassociation.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "permcrypt/axis.h"
#include "permcrypt/graph.h"
#include "permcrypt/status.h"

namespace permcrypt {

// One axis of one value: what it is made of, and its extent under two bindings of the dynamic
// dimensions to different primes. Static means that both agree.
struct Axis {
  ExprId expr = kUnit;
  std::int64_t a = 1, b = 1;
  bool dynamic() const { return a != b; }
  bool unit() const { return a == 1 && b == 1; }
  bool same_extent(const Axis& other) const { return a == other.a && b == other.b; }
};

// How the payload of a constant is seen as an array. Usually its own shape and element width; for
// packed formats (4-bit blocks inside a uint8 tensor) another one. Mirrors ElementView of plan.h.
struct PayloadView {
  int bits = 0;                        // per element
  std::vector<std::int64_t> shape;     // row-major
  std::int64_t row_stride = 0;         // elements between innermost rows, padding included
};

struct ValueFacts {
  bool known = false;                  // rank and extents are known
  std::int32_t type = 0;               // onnx::TensorProto::DataType; 0 unknown
  std::vector<Axis> axes;
  // The elements are coordinates of this axis and free to be rewritten with it; kNone for plain
  // data, and for coordinates of an axis that does not move.
  ExprId coordinates = kNone;
};

struct CachePair {
  ValueId past = kNone, present = kNone;
};

class RuleBook;   // src/infer/registry.h
struct Duplicate;  // src/infer/duplicates.h

struct InferOptions {
  bool free_interface = false;                     // --carry data: inputs and outputs may move
  bool opaque_caches = true;                       // --cache opaque
  std::map<std::string, std::int64_t> dims;        // --dim NAME=N
  // Constants whose elements cannot be rewritten in place: other indices would take other space.
  std::set<ValueId> rigid_tables;
  // Tensors that stay as they are: a program that holds the same weights computes them itself.
  std::set<TensorId> still;
  // Stands between the rules and the nodes, and outlives what is done with these options; nullptr:
  // rules apply as they are.
  const RuleBook* rules = nullptr;
  // The copies among the graph's constants, by whoever infers several times; nullptr: not known yet.
  const std::vector<Duplicate>* duplicates = nullptr;
};

struct Inference {
  AxisStore axes;
  std::vector<ValueFacts> values;                  // by ValueId
  std::map<ValueId, PayloadView> views;            // constants whose view is not the plain one
  std::vector<CachePair> caches;
  std::map<std::string, int> unknown_ops;          // "domain.op" without a rule -> number of nodes
  std::map<std::string, int> gave_up;              // "op: reason" -> number of nodes
  std::vector<std::string> notes;
  std::map<std::string, std::int64_t> bound_dims;  // dimensions given or solved for
  std::vector<std::vector<ValueId>> duplicates;    // constants found to be one matrix
};

// Errors: kInput for subgraphs that contradict themselves. What is not understood is no error.
Result<Inference> infer(const Graph& graph, const InferOptions& options);

// Graph inputs and outputs that carry state from step to step, paired by data flow: the present is
// computed from the past by a Concat, a Scatter, or one operator's past and present slots.
std::vector<CachePair> find_caches(const Graph& graph);

}  // namespace permcrypt
