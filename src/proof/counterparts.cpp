#include "proof/counterparts.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace permcrypt::proof {
namespace {

// Operators of which two are not one.
bool draws_lots(const GraphNode& node) {
  static constexpr std::string_view kOps[] = {"Bernoulli", "BiasDropout", "Dropout", "Multinomial"};
  return node.op.starts_with("Random") ||
         std::ranges::find(kOps, std::string_view(node.op)) != std::end(kOps);
}

void append_tensor(std::string& out, const Graph& graph, const onnx::TensorProto& proto) {
  const Tensor& tensor = graph.model->tensors[tensor_id(proto)];
  out += std::to_string(tensor.type);
  for (const std::int64_t n : tensor.shape) out += "," + std::to_string(n);
  if (!tensor.payload) return;
  const auto bytes = graph.payloads->bytes(*tensor.payload);
  out += bytes ? std::to_string(static_cast<int>(tensor.encoding)) + ":" + std::string(*bytes)
               : "unreadable";
}

// Bodies are compared node by node, elsewhere.
std::string attributes_of(const Graph& graph, const GraphNode& node) {
  std::string out;
  for (const auto& attribute : node.proto->attribute()) {
    onnx::AttributeProto rest = attribute;
    rest.clear_g();
    rest.clear_t();
    rest.clear_tensors();
    out += rest.SerializeAsString() + ";";
    if (attribute.has_t()) append_tensor(out, graph, attribute.t());
    for (const auto& tensor : attribute.tensors()) append_tensor(out, graph, tensor);
  }
  return out;
}

}  // namespace

Counterparts::Counterparts(const Graph& original, const Graph& encrypted)
    : original_(original), encrypted_(encrypted), stand_ins_(original.values.size()) {
  std::iota(stand_ins_.begin(), stand_ins_.end(), 0u);
  for (const GraphBody& body : original.bodies) {
    for (const NodeId id : body.nodes) add(id);
  }
  for (auto& [key, ids] : nodes_) std::reverse(ids.begin(), ids.end());
}

std::string Counterparts::describe(const Graph& graph, BodyId body, const GraphNode& node,
                                   const std::vector<ValueId>& operands) {
  std::string out =
      std::to_string(body) + " " + node.domain + " " + node.op + " " + std::to_string(node.opset);
  for (const ValueId v : operands) out += " " + std::to_string(v);
  out += " >";
  for (const ValueId v : node.outputs) out += v == kNone ? "-" : "+";
  for (const auto& sub : node.subs) out += " " + sub.attribute;
  return out + "|" + attributes_of(graph, node);
}

void Counterparts::add(NodeId id) {
  const GraphNode& node = original_.nodes[id];
  std::vector<ValueId> operands;
  for (const ValueId v : node.inputs) operands.push_back(standing_for(v));
  auto& same = nodes_[describe(original_, node.body, node, operands)];
  const bool may_differ = !node.subs.empty() || draws_lots(node);
  if (same.empty() || may_differ) {
    same.push_back(id);
    return;
  }
  const GraphNode& first = original_.nodes[same.front()];
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    if (node.outputs[k] != kNone) stand_ins_[node.outputs[k]] = first.outputs[k];
  }
}

NodeId Counterparts::find(BodyId body, const GraphNode& node,
                          const std::vector<ValueId>& operands) {
  if (const auto taken = taken_.find(&node); taken != taken_.end()) return taken->second;
  const auto found = nodes_.find(describe(encrypted_, body, node, operands));
  if (found == nodes_.end() || found->second.empty()) return kNone;
  const NodeId id = found->second.back();
  if (!node.subs.empty() || draws_lots(node)) {
    found->second.pop_back();
    taken_[&node] = id;
  }
  return id;
}

}  // namespace permcrypt::proof
