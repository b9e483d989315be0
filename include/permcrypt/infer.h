// Which axes of which tensors must be renumbered together, and which not at all?
#pragma once

#include <cstdint>
#include <map>
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
};

// What inference knows of one value of the graph.
struct ValueFacts {
  bool known = false;         // the rank and extents are known
  std::vector<Axis> axes;
  // Elements are coordinates of this axis (an index tensor that may be rewritten, or that a lock
  // maps); kNone when they are plain data.
  ExprId values = kNone;
};

struct InferOptions {
  bool free_interface = false;                       // --carry data: inputs and outputs may move
  bool opaque_caches = true;                         // --cache
  std::map<std::string, std::int64_t> dims;          // --dim NAME=N
};

struct CachePair {
  ValueId past = kNone, present = kNone;
};

struct Inference {
  AxisStore axes;
  std::vector<ValueFacts> values;                    // by ValueId
  std::vector<CachePair> caches;
  std::map<std::string, int> unknown_ops;            // reason -> how many nodes
  std::vector<std::string> notes;
  std::map<std::string, std::int64_t> bound_dims;    // dimensions solved for or given
};

// Never fails on what it does not understand: that is pinned, with the reason. kInput for graphs
// that are not graphs (cycles, undefined names, duplicate definitions).
Result<Inference> infer(const Graph& graph, const InferOptions& options);

}  // namespace permcrypt
