#include "write/graph_names.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "write/inner_graphs.h"

namespace permcrypt {
namespace {

void add_free_names(const onnx::GraphProto& graph, std::set<std::string>& out);

void add_reads(const onnx::NodeProto& node, std::set<std::string>& out) {
  for (const auto& name : node.input()) {
    if (!name.empty()) out.insert(name);
  }
  for (const onnx::GraphProto* inner : inner_graphs(node)) add_free_names(*inner, out);
}

// What a graph reads from around it. Graphs nest no deeper than the reader lets them.
void add_free_names(const onnx::GraphProto& graph, std::set<std::string>& out) {
  std::set<std::string> own, read;
  for (const auto& value : graph.input()) own.insert(value.name());
  for (const auto& tensor : graph.initializer()) own.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) own.insert(tensor.values().name());
  for (const auto& node : graph.node()) {
    add_reads(node, read);
    own.insert(node.output().begin(), node.output().end());
  }
  for (const auto& value : graph.output()) read.insert(value.name());
  std::set_difference(read.begin(), read.end(), own.begin(), own.end(),
                      std::inserter(out, out.end()));
}

}  // namespace

std::set<std::string> names_read(const onnx::NodeProto& node) {
  std::set<std::string> out;
  add_reads(node, out);
  return out;
}

void rename_value(onnx::GraphProto& graph, const std::string& from, const std::string& to) {
  const auto rename = [&](std::string* name) {
    if (*name == from) *name = to;
  };
  for (auto& value : *graph.mutable_input()) rename(value.mutable_name());
  for (auto& value : *graph.mutable_output()) rename(value.mutable_name());
  for (auto& node : *graph.mutable_node()) {
    for (auto& name : *node.mutable_input()) rename(&name);
    for (auto& name : *node.mutable_output()) rename(&name);
    for (auto& attribute : *node.mutable_attribute()) {
      std::vector<onnx::GraphProto*> inner;
      if (attribute.has_g()) inner.push_back(attribute.mutable_g());
      for (auto& one : *attribute.mutable_graphs()) inner.push_back(&one);
      for (onnx::GraphProto* one : inner) rename_value(*one, from, to);
    }
  }
}

}  // namespace permcrypt
