#include <algorithm>
#include <set>
#include <unordered_map>

#include "infer/node_order.h"
#include "infer/sparse_constant.h"
#include "permcrypt/graph.h"

namespace permcrypt {
namespace {

constexpr std::size_t kMaxNodes = 1u << 20;
constexpr int kMaxCallDepth = 64;

using Attributes = std::unordered_map<std::string, onnx::AttributeProto>;

std::string default_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

// Names visible at one place: those of a body, then those of the bodies around it.
struct Scope {
  const Scope* outer = nullptr;
  std::string prefix;  // see Tensor::scope
  std::unordered_map<std::string, ValueId> names;
  const onnx::FunctionProto* function = nullptr;  // inside an inlined call
  const Attributes* arguments = nullptr;          // its attributes
  int depth = 0;                                  // of calls
};

class Builder {
 public:
  Builder(const Model& model, PayloadReader& payloads) : model_(model), payloads_(payloads) {
    graph_.model = &model;
    graph_.payloads = &payloads;
    for (const auto& f : model.structure.functions()) {
      functions_[default_domain(f.domain()) + "." + f.name()] = &f;
    }
  }

  Result<Graph> build() {
    opsets_ = imports(model_.structure.opset_import());
    graph_.opset = opsets_.contains("") ? opsets_[""] : 1;
    Scope scope;
    if (auto done = build_body(model_.structure.graph(), scope, kNone); !done) {
      return tl::unexpected(done.error());
    }
    return std::move(graph_);
  }

 private:
  using Imports = std::unordered_map<std::string, int>;

  static Imports imports(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& list) {
    Imports out;
    for (const auto& o : list) out[default_domain(o.domain())] = static_cast<int>(o.version());
    return out;
  }

  ValueId add_value(const std::string& name, const Scope& scope) {
    graph_.values.push_back({});
    graph_.values.back().name = name;
    graph_.values.back().scope = scope.prefix;
    return static_cast<ValueId>(graph_.values.size() - 1);
  }

  Result<ValueId> define(const std::string& name, Scope& scope) {
    const ValueId id = add_value(name, scope);
    if (!scope.names.emplace(name, id).second) {
      return fail(ErrorKind::kInput, "the name '" + name + "' is defined twice");
    }
    return id;
  }

  // Nothing when no scope has the name; kNone for a function input that the call leaves out.
  static std::optional<ValueId> lookup(const std::string& name, const Scope& scope) {
    for (const Scope* s = &scope; s; s = s->outer) {
      if (const auto it = s->names.find(name); it != s->names.end()) return it->second;
    }
    return std::nullopt;
  }

  // One value per tensor of the file: a constant in a function body is shared by all its calls.
  ValueId constant(TensorId tensor, const Scope& scope) {
    const auto [it, inserted] = constants_.try_emplace(tensor, kNone);
    if (inserted) {
      it->second = add_value(model_.tensors[tensor].name, scope);
      GraphValue& value = graph_.values.back();
      value.tensor = tensor;
      value.elem_type = model_.tensors[tensor].type;
      value.scope = model_.tensors[tensor].scope;
    }
    return it->second;
  }

  void declare(const onnx::ValueInfoProto& info, const Scope& scope) {
    const auto it = scope.names.find(info.name());
    if (it == scope.names.end() || !info.type().has_tensor_type()) return;
    GraphValue& value = graph_.values[it->second];
    const auto& type = info.type().tensor_type();
    if (value.is_constant()) return;
    value.elem_type = type.elem_type();
    if (!type.has_shape()) return;
    value.declared.emplace();
    for (const auto& d : type.shape().dim()) {
      GraphValue::Dim dim;
      // Some exporters write 0 or -1 for a dynamic dimension.
      if (d.has_dim_value() && d.dim_value() > 0) {
        dim.size = d.dim_value();
      } else {
        dim.name = d.dim_param();
      }
      value.declared->push_back(std::move(dim));
    }
  }

  Result<void> define_constants(const onnx::GraphProto& g, Scope& scope) {
    for (const auto& t : g.initializer()) {
      const ValueId id = constant(tensor_id(t), scope);
      if (!scope.names.emplace(t.name(), id).second) {
        return fail(ErrorKind::kInput, "the initializer '" + t.name() + "' is defined twice");
      }
    }
    for (const auto& t : g.sparse_initializer()) {
      const auto id = sparse_constant(t, scope);
      if (!id) return tl::unexpected(id.error());
      if (auto done = name_constant(t.values().name(), *id, scope); !done) return done;
    }
    return {};
  }

  static Result<void> name_constant(const std::string& name, ValueId id, Scope& scope) {
    if (scope.names.emplace(name, id).second) return {};
    return fail(ErrorKind::kInput, "the name '" + name + "' is defined twice");
  }

  // One value for each, as for other constants.
  Result<ValueId> sparse_constant(const onnx::SparseTensorProto& proto, const Scope& scope) {
    const TensorId values = proto.has_values() ? tensor_id(proto.values()) : kNone;
    const auto found = std::ranges::lower_bound(model_.sparse, values, {}, &SparseTensor::values);
    if (found == model_.sparse.end() || found->values != values) {
      return fail(ErrorKind::kInput, "a sparse tensor has no values");
    }
    const auto [it, inserted] = constants_.try_emplace(values, kNone);
    if (!inserted) return it->second;
    auto constant = check_sparse(model_, *found, payloads_);
    if (!constant) return tl::unexpected(constant.error());
    it->second = add_value(model_.tensors[values].name, scope);
    GraphValue& value = graph_.values.back();
    value.sparse = *std::move(constant);
    value.scope = model_.tensors[values].scope;
    value.elem_type = model_.tensors[values].type;
    value.declared.emplace();
    for (const std::int64_t n : found->shape) value.declared->push_back({n, ""});
    return it->second;
  }

  // Bodies nest no deeper than the reader lets graphs nest (64), calls no deeper than
  // kMaxCallDepth.
  Result<BodyId> build_body(const onnx::GraphProto& g, Scope& scope, NodeId owner) {
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
        return fail(ErrorKind::kInput,
                    "the graph output '" + output.name() + "' is never computed");
      }
      graph_.bodies[id].outputs.push_back(*value);
      declare(output, scope);
    }
    return id;
  }

  Result<void> build_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                           Scope& scope, BodyId body) {
    const auto order = order_nodes(nodes);
    if (nodes.size() > 0 && order.empty()) {
      return fail(ErrorKind::kInput, "the graph's nodes form a cycle");
    }
    for (const int i : order) {
      if (auto done = build_node(nodes[i], scope, body); !done) return done;
    }
    return {};
  }

  Result<void> build_node(const onnx::NodeProto& node, Scope& scope, BodyId body) {
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
    const std::string key = default_domain(node.domain()) + "." + node.op_type();
    if (const auto it = functions_.find(key); it != functions_.end()) {
      return inline_call(node, *it->second, scope, body);
    }
    return build_plain_node(node, scope, body);
  }

  Result<std::vector<ValueId>> resolve_inputs(const onnx::NodeProto& node, const Scope& scope) {
    std::vector<ValueId> out;
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

  Result<void> build_plain_node(const onnx::NodeProto& node, Scope& scope, BodyId body) {
    GraphNode n;
    n.domain = default_domain(node.domain());
    n.op = node.op_type();
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
    const auto id = static_cast<NodeId>(graph_.nodes.size());
    graph_.nodes.push_back(n);
    if (auto done = build_subgraphs(*n.proto, scope, id); !done) return done;
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

  Result<void> build_subgraphs(const onnx::NodeProto& node, const Scope& scope, NodeId id) {
    for (const auto& attribute : node.attribute()) {
      if (!attribute.has_g()) continue;
      Scope inner;
      inner.outer = &scope;
      inner.function = scope.function;
      inner.arguments = scope.arguments;
      inner.depth = scope.depth;
      inner.prefix = scope.prefix + (node.output_size() > 0 ? node.output(0) : "") + "." +
                     attribute.name() + "/";
      auto body = build_body(attribute.g(), inner, id);
      if (!body) return tl::unexpected(body.error());
      graph_.nodes[id].subs.push_back({attribute.name(), *body});
    }
    return {};
  }

  const Imports& function_opsets(const onnx::FunctionProto* function) {
    const auto [it, inserted] = function_opsets_.try_emplace(function);
    if (inserted) it->second = imports(function->opset_import());
    return it->second;
  }

  // A copy of a node of a function body with references to the call's attributes filled in.
  const onnx::NodeProto* bind_attributes(const onnx::NodeProto& node, const Scope& scope) {
    graph_.inlined->push_back(node);
    onnx::NodeProto& copy = graph_.inlined->back();
    auto* list = copy.mutable_attribute();
    for (int i = list->size() - 1; i >= 0; --i) {
      if (list->Get(i).ref_attr_name().empty()) continue;
      const auto it = scope.arguments->find(list->Get(i).ref_attr_name());
      const std::string name = list->Get(i).name();
      if (it == scope.arguments->end()) {
        list->DeleteSubrange(i, 1);
      } else {
        *list->Mutable(i) = it->second;
        list->Mutable(i)->set_name(name);
      }
    }
    return &copy;
  }

  Result<void> inline_call(const onnx::NodeProto& node, const onnx::FunctionProto& function,
                           Scope& scope, BodyId body) {
    if (scope.depth >= kMaxCallDepth) {
      return fail(ErrorKind::kInput, "the function '" + function.name() + "' calls itself");
    }
    Attributes arguments;
    const onnx::NodeProto* call = scope.function ? bind_attributes(node, scope) : &node;
    for (const auto& a : call->attribute()) arguments[a.name()] = a;
    for (auto& a : default_attributes(function)) arguments.try_emplace(a.name(), std::move(a));
    auto actual = resolve_inputs(node, scope);
    if (!actual) return tl::unexpected(actual.error());
    Scope inner;
    inner.function = &function;
    inner.arguments = &arguments;
    inner.depth = scope.depth + 1;
    inner.prefix = function.domain() + ":" + function.name() + "/";
    for (int i = 0; i < function.input_size(); ++i) {
      inner.names[function.input(i)] = i < static_cast<int>(actual->size()) ? (*actual)[i] : kNone;
    }
    const auto first = static_cast<NodeId>(graph_.nodes.size());
    if (auto done = build_nodes(function.node(), inner, body); !done) return done;
    for (int i = 0; i < node.output_size() && i < function.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      const auto value = lookup(function.output(i), inner);
      if (value.value_or(kNone) == kNone) {
        return fail(ErrorKind::kInput, "the function '" + function.name() +
                                           "' never computes its output '" + function.output(i) +
                                           "'");
      }
      if (!scope.names.emplace(node.output(i), *value).second) {
        return fail(ErrorKind::kInput, "the name '" + node.output(i) + "' is defined twice");
      }
      if (!scope.function) name_returned(*value, node.output(i), first, body);
    }
    return {};
  }

  // A call whose nodes are those from `first` on returns a value under a name.
  void name_returned(ValueId value, const std::string& name, NodeId first, BodyId body) {
    const NodeId producer = graph_.values[value].producer;
    if (producer == kNone || producer < first || graph_.nodes[producer].body != body) return;
    if (!returned_.insert(value).second) return graph_.values[value].returned_as.clear();
    const auto reads = [&](const std::vector<ValueId>& list) {
      return std::find(list.begin(), list.end(), value) != list.end();
    };
    for (NodeId n = first; n < graph_.nodes.size(); ++n) {
      if (reads(graph_.nodes[n].inputs)) return;
      for (const auto& sub : graph_.nodes[n].subs) {
        if (reads(graph_.bodies[sub.body].outputs)) return;
      }
    }
    graph_.values[value].returned_as = name;
  }

  const Model& model_;
  PayloadReader& payloads_;
  Graph graph_;
  Imports opsets_;
  std::set<ValueId> returned_;
  std::unordered_map<std::string, const onnx::FunctionProto*> functions_;
  std::unordered_map<const onnx::FunctionProto*, Imports> function_opsets_;
  std::unordered_map<TensorId, ValueId> constants_;
};

}  // namespace

Result<Graph> build_graph(const Model& model, PayloadReader& payloads) {
  return Builder(model, payloads).build();
}

}  // namespace permcrypt
