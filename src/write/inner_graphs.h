// The graphs that a node holds, as If, Loop and Scan do.
#pragma once

#include <onnx/onnx_pb.h>

#include <vector>

namespace permcrypt {

inline std::vector<const onnx::GraphProto*> inner_graphs(const onnx::NodeProto& node) {
  std::vector<const onnx::GraphProto*> out;
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) out.push_back(&attribute.g());
    for (const auto& graph : attribute.graphs()) out.push_back(&graph);
  }
  return out;
}

}  // namespace permcrypt
