// What must be numbered alike, and why: for every free factor a graph whose vertices are nodes and
// whose edges are the values they pass on. Where an edge is a bridge, a lock can stand.
//
// Ties are left out: every node that reads a constant counts as reading a matrix of its own, though
// two of them may read the same tensor, or copies of it. A ring that a tied embedding closes is thus
// opened, and two cuts together can still split it.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "lock/bridges.h"
#include "lock/flow.h"
#include "permcrypt/graph.h"
#include "permcrypt/infer.h"

namespace permcrypt {

// One connected part of one factor's graph: a residual stream, the hidden units of one layer, ...
struct Stream {
  // The nodes that read matrices (constants of two axes or more) with this factor, in order.
  std::vector<NodeId> readers;
  // What is computed and carries the factor, in order; whatever nobody reads left out.
  std::vector<ValueId> values;
};

// A value and the axis of it that a lock would permute. kNone: the factor lies on several axes.
struct CutPlace {
  ValueId value = kNone;
  std::uint32_t axis = kNone;
};

// Bridges of one stream that part its matrices in the same way.
struct CutClass {
  std::uint32_t stream = 0;
  Side up, down;                  // the matrices on the producer's and on the consumers' side
  std::vector<CutPlace> places;

  // Otherwise a lock there protects nothing, but it tells where the stream begins, or ends.
  bool parts_matrices() const { return up.loads > 0 && down.loads > 0; }
};

struct ConstraintGraph {
  std::vector<Stream> streams;
  // Those of streams with matrices, in the order of computation.
  std::deque<CutClass> classes;
  // By value: the streams that it is part of.
  Lists streams_of;
};

// Not const: looking at axes brings them into normal form.
ConstraintGraph build_constraint_graph(const Graph& graph, Inference& inference, const Flow& flow);

// Floats and quantised numbers, but no indices and flags: what counts as a weight.
bool is_weight_type(std::int32_t type);

}  // namespace permcrypt
