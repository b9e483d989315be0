// The analysed copy of a model: names resolved to ids, scopes resolved, local functions inlined,
// Constant nodes turned into constants, nodes in topological order. Never written back.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "permcrypt/id_list.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "permcrypt/text_ref.h"

namespace permcrypt {

using ValueId = std::uint32_t;
using NodeId = std::uint32_t;
using BodyId = std::uint32_t;

// A constant of which only some elements are stored.
struct SparseConstant {
  std::uint32_t number = 0;  // in Model::sparse
  std::string unmovable;     // why its entries cannot move; "" if they can
  bool diagonal = false;     // of rank 2, and all its entries lie on the diagonal
};

// A dimension of a declared shape: -1 with a name if it is dynamic.
struct DeclaredDim {
  std::int64_t size = -1;
  std::string name;
};

// There are hundreds of thousands of values and nodes in a large graph, and two graphs while locks
// are placed: what they are made of lies in the model, or in Graph::kept.
struct GraphValue {
  TextRef name;                   // as in the file
  TextRef scope;                  // see Tensor::scope
  // Of a value that a function hands to the graph that calls it, once, while nothing inside reads it
  // too: its name there. Else "".
  TextRef returned_as;
  std::int32_t elem_type = 0;     // declared type of inputs, constants; 0 unknown
  TensorId tensor = kNone;        // initializer or constant
  NodeId producer = kNone;
  const SparseConstant* sparse = nullptr;  // or a sparse one; its shape is declared
  // Declared shape of graph inputs, outputs and value_info; nullptr if there is none.
  const std::vector<DeclaredDim>* declared = nullptr;

  bool is_constant() const { return tensor != kNone || sparse; }
};

struct GraphNode {
  TextRef domain;                 // "" for ai.onnx
  TextRef op;
  int opset = 1;                  // of its domain
  FrameId frame = kNone;
  const onnx::NodeProto* proto = nullptr;  // attributes; names in it are not resolved
  BodyId body = 0;                // the body it belongs to
  bool in_function = false;       // comes from an inlined local function
  IdList inputs;                  // ValueIds; kNone for an omitted optional
  IdList outputs;                 // likewise
  struct Sub { std::string attribute; BodyId body; };
  std::vector<Sub> subs;          // graph attributes
};

// The main graph is bodies[0].
struct GraphBody {
  FrameId frame = kNone;
  NodeId owner = kNone;           // the node whose attribute it is
  std::vector<ValueId> inputs;    // without initializers
  std::vector<ValueId> outputs;
  std::vector<NodeId> nodes;      // topologically sorted
};

struct Graph {
  const Model* model = nullptr;
  PayloadReader* payloads = nullptr;
  int opset = 1;                  // of the default domain
  std::vector<GraphValue> values;
  std::vector<GraphNode> nodes;
  std::vector<GraphBody> bodies;
  // The tensor that holds the elements of a constant, or those of them that are stored; else kNone.
  TensorId stored(ValueId value) const {
    const auto& sparse = values[value].sparse;
    return sparse ? model->sparse[sparse->number].values : values[value].tensor;
  }

  // What values and nodes refer to and the file does not have. Shared, so that copies of the graph
  // keep their pointers.
  struct Kept {
    // Nodes of function instances with attribute references resolved, lock nodes.
    std::deque<onnx::NodeProto> nodes;
    std::deque<std::string> texts;
    std::deque<SparseConstant> sparse;
    std::deque<std::vector<DeclaredDim>> shapes;
  };
  std::shared_ptr<Kept> kept = std::make_shared<Kept>();
};

// Builds the analysed copy. `model` and `payloads` must outlive it.
// Errors (kInput): undefined or twice defined names, cycles, more than 2^20 nodes after inlining,
// functions that call themselves, entries of a sparse tensor outside of its shape.
Result<Graph> build_graph(const Model& model, PayloadReader& payloads);

}  // namespace permcrypt
