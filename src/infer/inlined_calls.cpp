// Calls of local functions, which become the nodes of their bodies.
#include <algorithm>
#include <utility>

#include "infer/graph_builder.h"
#include "infer/node_order.h"

namespace permcrypt {
namespace {

constexpr int kMaxCallDepth = 64;

}  // namespace

const GraphBuilder::Imports& GraphBuilder::function_opsets(const onnx::FunctionProto* function) {
  const auto [it, inserted] = function_opsets_.try_emplace(function);
  if (inserted) it->second = imports(function->opset_import());
  return it->second;
}

// A copy of a node of a function body with references to the call's attributes filled in.
const onnx::NodeProto* GraphBuilder::bind_attributes(const onnx::NodeProto& node,
                                                     const Scope& scope) {
  onnx::NodeProto& copy = graph_.kept->nodes.emplace_back(node);
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

// The same for all calls, and kept once.
TextRef GraphBuilder::prefix_of(const onnx::FunctionProto& function) {
  const auto [it, is_new] = prefixes_.try_emplace(&function);
  if (is_new) it->second = keep(function.domain() + ":" + function.name() + "/");
  return it->second;
}

Result<void> GraphBuilder::inline_call(const onnx::NodeProto& node,
                                       const onnx::FunctionProto& function, Scope& scope,
                                       BodyId body) {
  // A call may be of nothing but calls.
  if (++calls_ > kMaxNodes) {
    return fail(ErrorKind::kInput, "local functions are called more than 2^20 times");
  }
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
  inner.prefix = prefix_of(function);
  for (int i = 0; i < function.input_size(); ++i) {
    inner.names[function.input(i)] = i < static_cast<int>(actual->size()) ? (*actual)[i] : kNone;
  }
  const auto first = static_cast<NodeId>(graph_.nodes.size());
  if (auto done = build_nodes(function.node(), inner, body); !done) return done;
  return hand_out(node, function, inner, scope, first, body);
}

// What a call, whose nodes are those from `first` on, gives to the scope it stands in.
Result<void> GraphBuilder::hand_out(const onnx::NodeProto& node,
                                    const onnx::FunctionProto& function, const Scope& inner,
                                    Scope& scope, NodeId first, BodyId body) {
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

// Such a call returns a value under a name.
void GraphBuilder::name_returned(ValueId value, const std::string& name, NodeId first,
                                 BodyId body) {
  const NodeId producer = graph_.values[value].producer;
  if (producer == kNone || producer < first || graph_.nodes[producer].body != body) return;
  if (!returned_.insert(value).second) {
    graph_.values[value].returned_as = TextRef();
    return;
  }
  const auto reads = [&](const auto& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (NodeId n = first; n < graph_.nodes.size(); ++n) {
    if (reads(graph_.nodes[n].inputs)) return;
    for (const auto& sub : graph_.nodes[n].subs) {
      if (reads(graph_.bodies[sub.body].outputs)) return;
    }
  }
  graph_.values[value].returned_as = TextRef(name);
}

}  // namespace permcrypt
