#include "infer/graph_builder.h"

#include <utility>

#include "infer/node_order.h"

namespace permcrypt {
namespace {


}  // namespace

TextRef default_domain(const std::string& domain) {
  return domain == "ai.onnx" ? TextRef() : TextRef(domain);
}

GraphBuilder::GraphBuilder(const Model& model, PayloadReader& payloads)
    : model_(model), payloads_(payloads), constants_(model.tensors.size(), kNone) {
  graph_.model = &model;
  graph_.payloads = &payloads;
  for (const auto& f : model.structure.functions()) {
    functions_[default_domain(f.domain()) + "." + f.name()] = &f;
  }
}

Result<Graph> GraphBuilder::build() {
  opsets_ = imports(model_.structure.opset_import());
  graph_.opset = opsets_.contains("") ? opsets_[""] : 1;
  reserve(model_.structure.graph());
  Scope scope;
  if (auto done = build_body(model_.structure.graph(), scope, kNone); !done) {
    return tl::unexpected(done.error());
  }
  return std::move(graph_);
}

GraphBuilder::Imports GraphBuilder::imports(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& list) {
  Imports out;
  for (const auto& o : list) out[default_domain(o.domain())] = static_cast<int>(o.version());
  return out;
}

// Lists that grow by doubling take up to three times their size while they do.
void GraphBuilder::reserve(const onnx::GraphProto& main) {
  std::size_t values = static_cast<std::size_t>(main.input_size());
  values += static_cast<std::size_t>(main.initializer_size() + main.sparse_initializer_size());
  for (const auto& node : main.node()) values += static_cast<std::size_t>(node.output_size());
  graph_.values.reserve(values);
  graph_.nodes.reserve(static_cast<std::size_t>(main.node_size()));
}

TextRef GraphBuilder::keep(std::string text) {
  return TextRef(std::as_const(graph_.kept->texts.emplace_back(std::move(text))));
}

Result<BodyId> GraphBuilder::build_body(const onnx::GraphProto& g, Scope& scope, NodeId owner) {
  const auto id = static_cast<BodyId>(graph_.bodies.size());
  graph_.bodies.push_back({});
  graph_.bodies[id].frame = frame_of(g);
  graph_.bodies[id].owner = owner;
  if (auto done = define_constants(g, scope); !done) return tl::unexpected(done.error());
  for (const auto& input : g.input()) {
    if (scope.names.contains(input.name())) continue;  // an initializer, listed again
    auto value = define(input.name(), scope);
    if (!value) return tl::unexpected(value.error());
    graph_.bodies[id].inputs.push_back(*value);
    declare(input, scope);
  }
  if (auto done = build_nodes(g.node(), scope, id); !done) return tl::unexpected(done.error());
  for (const auto& info : g.value_info()) declare(info, scope);
  for (const auto& output : g.output()) {
    const auto value = lookup(output.name(), scope);
    if (value.value_or(kNone) == kNone) {
      return fail(ErrorKind::kInput, "the graph output '" + output.name() + "' is never computed");
    }
    graph_.bodies[id].outputs.push_back(*value);
    declare(output, scope);
  }
  return id;
}

Result<void> GraphBuilder::build_nodes(const Nodes& nodes, Scope& scope, BodyId body) {
  const auto order = order_nodes(nodes);
  if (nodes.size() > 0 && order.empty()) {
    return fail(ErrorKind::kInput, "the graph's nodes form a cycle");
  }
  for (const int i : order) {
    if (auto done = build_node(nodes[i], scope, body); !done) return done;
  }
  return {};
}

Result<void> GraphBuilder::build_node(const onnx::NodeProto& node, Scope& scope, BodyId body) {
  if (node.op_type() == "Constant" && default_domain(node.domain()).empty() &&
      node.output_size() == 1) {
    for (const auto& a : node.attribute()) {
      if (a.name() == "value" && a.has_t()) {
        return name_constant(node.output(0), constant(tensor_id(a.t()), scope), scope);
      }
      if (a.name() != "sparse_value" || !a.has_sparse_tensor()) continue;
      const auto id = sparse_constant(a.sparse_tensor(), scope);
      if (!id) return tl::unexpected(id.error());
      return name_constant(node.output(0), *id, scope);
    }
  }
  if (graph_.nodes.size() >= kMaxNodes) {
    return fail(ErrorKind::kInput, "the graph has more than 2^20 nodes after inlining");
  }
  if (!functions_.empty()) {
    const auto it = functions_.find(default_domain(node.domain()) + "." + node.op_type());
    if (it != functions_.end()) return inline_call(node, *it->second, scope, body);
  }
  return build_plain_node(node, scope, body);
}

Result<IdList> GraphBuilder::resolve_inputs(const onnx::NodeProto& node, const Scope& scope) {
  IdList out;
  for (const auto& name : node.input()) {
    const auto id = name.empty() ? kNone : lookup(name, scope);
    if (!id) {
      return fail(ErrorKind::kInput,
                  "node '" + node.name() + "' reads '" + name + "', which nothing defines");
    }
    out.push_back(*id);
  }
  return out;
}

Result<void> GraphBuilder::build_plain_node(const onnx::NodeProto& node, Scope& scope,
                                            BodyId body) {
  GraphNode n;
  n.domain = default_domain(node.domain());
  n.op = TextRef(node.op_type());
  const Imports& versions = scope.function ? function_opsets(scope.function) : opsets_;
  const auto version = versions.find(n.domain);
  n.opset = version == versions.end() ? 1 : version->second;
  n.frame = frame_of(node);
  n.in_function = scope.function != nullptr;
  n.body = body;
  n.proto = scope.function ? bind_attributes(node, scope) : &node;
  auto inputs = resolve_inputs(node, scope);
  if (!inputs) return tl::unexpected(inputs.error());
  n.inputs = *std::move(inputs);
  const onnx::NodeProto& proto = *n.proto;
  const auto id = static_cast<NodeId>(graph_.nodes.size());
  graph_.nodes.push_back(std::move(n));
  if (auto done = build_subgraphs(proto, scope, id); !done) return done;
  for (const auto& name : node.output()) {
    ValueId value = kNone;
    if (!name.empty()) {
      auto defined = define(name, scope);
      if (!defined) return tl::unexpected(defined.error());
      value = *defined;
      graph_.values[value].producer = id;
    }
    graph_.nodes[id].outputs.push_back(value);
  }
  graph_.bodies[body].nodes.push_back(id);
  return {};
}

Result<void> GraphBuilder::build_subgraphs(const onnx::NodeProto& node, const Scope& scope,
                                           NodeId id) {
  for (const auto& attribute : node.attribute()) {
    if (!attribute.has_g()) continue;
    Scope inner;
    inner.outer = &scope;
    inner.function = scope.function;
    inner.arguments = scope.arguments;
    inner.depth = scope.depth;
    inner.prefix = keep(scope.prefix + (node.output_size() > 0 ? node.output(0) : "") + "." +
                        attribute.name() + "/");
    auto body = build_body(attribute.g(), inner, id);
    if (!body) return tl::unexpected(body.error());
    graph_.nodes[id].subs.push_back({attribute.name(), *body});
  }
  return {};
}

Result<Graph> build_graph(const Model& model, PayloadReader& payloads) {
  return GraphBuilder(model, payloads).build();
}

}  // namespace permcrypt
