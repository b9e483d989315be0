// What ONNX leaves to whoever reads a graph: the order of its nodes, defaults of functions.
#pragma once

#include <onnx/onnx_pb.h>

#include <vector>

namespace permcrypt {

// Stable topological order of a body's nodes; empty when they form a cycle.
std::vector<int> order_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes);

// The attributes that calls of a function may leave out.
std::vector<onnx::AttributeProto> default_attributes(const onnx::FunctionProto& function);

}  // namespace permcrypt
