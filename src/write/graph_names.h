// What graphs call their values.
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>

namespace permcrypt {

// The names that a node reads, with what graphs inside of it read from around it.
std::set<std::string> names_read(const onnx::NodeProto& node);

// Gives a value another name, wherever a graph, or one inside of it, uses it.
void rename_value(onnx::GraphProto& graph, const std::string& from, const std::string& to);

}  // namespace permcrypt
