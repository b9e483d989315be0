#include "write/inserted_names.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace permcrypt {
namespace {

using Names = std::set<std::string>;

// Graphs nest no deeper than the reader lets them.
void note_names(const onnx::GraphProto& graph, Names& names) {
  for (const auto& v : graph.input()) names.insert(v.name());
  for (const auto& t : graph.initializer()) names.insert(t.name());
  for (const auto& t : graph.sparse_initializer()) names.insert(t.values().name());
  for (const auto& node : graph.node()) {
    names.insert(node.name());
    for (const auto& name : node.output()) names.insert(name);
    for (const auto& a : node.attribute()) {
      if (a.has_g()) note_names(a.g(), names);
      for (const auto& g : a.graphs()) note_names(g, names);
    }
  }
}

// "" when no name begins with `prefix`; else a suffix that none of those that do ends with.
std::string free_suffix(const Names& names, std::string_view prefix) {
  const auto taken = [&](const std::string& suffix) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.starts_with(prefix) && name.ends_with(suffix);
    });
  };
  std::string suffix;
  for (int i = 1; taken(suffix); ++i) suffix = "_" + std::to_string(i);
  return suffix;
}

}  // namespace

InsertedNames::InsertedNames(const onnx::ModelProto& model) {
  Names names;
  note_names(model.graph(), names);
  suffix_ = free_suffix(names, "permcrypt/");
  input_suffix_ = free_suffix(names, kKeyInputPrefix);
}

std::string find_key_input(const onnx::GraphProto& graph) {
  if (graph.input_size() == 0) return "";
  const std::string& name = graph.input(graph.input_size() - 1).name();
  if (!name.starts_with(kKeyInputPrefix)) return "";
  const bool is_split = std::any_of(graph.node().begin(), graph.node().end(), [&](const auto& node) {
    return node.op_type() == "Split" && node.input_size() > 0 && node.input(0) == name &&
           node.output_size() > 0 && node.output(0).starts_with("permcrypt/");
  });
  return is_split ? name : "";
}

}  // namespace permcrypt
