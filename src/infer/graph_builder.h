// Builds the analysed copy of a model: one body after the other, one call inside the other.
// graph_builder.cpp has bodies and nodes, graph_constants.cpp what they are defined with,
// inlined_calls.cpp local functions.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "permcrypt/graph.h"

namespace permcrypt {

using Attributes = std::unordered_map<std::string, onnx::AttributeProto>;

// Domains of the standard operators are one. What it returns lives as long as `domain`.
TextRef default_domain(const std::string& domain);

// Names visible at one place: those of a body, then those of the bodies around it.
struct Scope {
  const Scope* outer = nullptr;
  TextRef prefix;                                       // see Tensor::scope
  std::unordered_map<std::string_view, ValueId> names;  // they lie in the model
  const onnx::FunctionProto* function = nullptr;        // inside an inlined call
  const Attributes* arguments = nullptr;                // its attributes
  int depth = 0;                                        // of calls
};

// Of a graph after inlining; calls of functions count by themselves.
inline constexpr std::size_t kMaxNodes = 1u << 20;

class GraphBuilder {
 public:
  GraphBuilder(const Model& model, PayloadReader& payloads);
  Result<Graph> build();

 private:
  using Imports = std::unordered_map<std::string_view, int>;
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

  static Imports imports(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& list);
  void reserve(const onnx::GraphProto& main);
  TextRef keep(std::string text);
  TextRef prefix_of(const onnx::FunctionProto& function);

  // Bodies nest no deeper than the reader lets graphs nest (64), calls no deeper than
  // kMaxCallDepth.
  Result<BodyId> build_body(const onnx::GraphProto& g, Scope& scope, NodeId owner);
  Result<void> build_nodes(const Nodes& nodes, Scope& scope, BodyId body);
  Result<void> build_node(const onnx::NodeProto& node, Scope& scope, BodyId body);
  Result<void> build_plain_node(const onnx::NodeProto& node, Scope& scope, BodyId body);
  Result<void> build_subgraphs(const onnx::NodeProto& node, const Scope& scope, NodeId id);
  Result<IdList> resolve_inputs(const onnx::NodeProto& node, const Scope& scope);

  ValueId add_value(const std::string& name, const Scope& scope);
  Result<ValueId> define(const std::string& name, Scope& scope);
  static std::optional<ValueId> lookup(const std::string& name, const Scope& scope);
  ValueId constant(TensorId tensor, const Scope& scope);
  Result<ValueId> sparse_constant(const onnx::SparseTensorProto& proto, const Scope& scope);
  Result<void> define_constants(const onnx::GraphProto& g, Scope& scope);
  static Result<void> name_constant(const std::string& name, ValueId id, Scope& scope);
  void declare(const onnx::ValueInfoProto& info, const Scope& scope);

  const Imports& function_opsets(const onnx::FunctionProto* function);
  const onnx::NodeProto* bind_attributes(const onnx::NodeProto& node, const Scope& scope);
  Result<void> inline_call(const onnx::NodeProto& node, const onnx::FunctionProto& function,
                           Scope& scope, BodyId body);
  Result<void> hand_out(const onnx::NodeProto& node, const onnx::FunctionProto& function,
                        const Scope& inner, Scope& scope, NodeId first, BodyId body);
  void name_returned(ValueId value, const std::string& name, NodeId first, BodyId body);

  const Model& model_;
  PayloadReader& payloads_;
  Graph graph_;
  Imports opsets_;
  std::set<ValueId> returned_;
  std::unordered_map<std::string, const onnx::FunctionProto*> functions_;
  std::unordered_map<const onnx::FunctionProto*, Imports> function_opsets_;
  std::unordered_map<const onnx::FunctionProto*, TextRef> prefixes_;
  std::size_t calls_ = 0;
  std::vector<ValueId> constants_;  // by TensorId
};

}  // namespace permcrypt
