#include "lock/constant_homes.h"

#include <vector>

namespace permcrypt {
namespace {

bool is_default(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

}  // namespace

bool captures_names(std::string_view domain, std::string_view op) {
  return is_default(domain) && (op == "If" || op == "Loop" || op == "Scan");
}

std::map<TensorId, FrameId> constant_homes(const Model& model) {
  std::map<TensorId, FrameId> out;
  std::vector<const onnx::GraphProto*> open{&model.structure.graph()};
  while (!open.empty()) {
    const onnx::GraphProto& graph = *open.back();
    open.pop_back();
    for (const auto& tensor : graph.initializer()) out[tensor_id(tensor)] = frame_of(graph);
    for (const auto& node : graph.node()) {
      const bool constant = is_default(node.domain()) && node.op_type() == "Constant";
      for (const auto& a : node.attribute()) {
        if (constant && a.name() == "value" && a.has_t()) out[tensor_id(a.t())] = frame_of(graph);
        if (captures_names(node.domain(), node.op_type()) && a.has_g()) open.push_back(&a.g());
      }
    }
  }
  return out;
}

}  // namespace permcrypt
