#include "write/inserted_names.h"

#include <set>
#include <string_view>

namespace permcrypt {
namespace {

constexpr std::string_view kKeyInput = "permcrypt_key";

void note(const std::string& name, std::set<std::string>& reserved) {
  if (name.starts_with("permcrypt/") || name.starts_with(kKeyInput)) reserved.insert(name);
}

// Graphs nest no deeper than the reader lets them.
void note_names(const onnx::GraphProto& graph, std::set<std::string>& reserved) {
  for (const auto& v : graph.input()) note(v.name(), reserved);
  for (const auto& t : graph.initializer()) note(t.name(), reserved);
  for (const auto& t : graph.sparse_initializer()) note(t.values().name(), reserved);
  for (const auto& node : graph.node()) {
    note(node.name(), reserved);
    for (const auto& name : node.output()) note(name, reserved);
    for (const auto& a : node.attribute()) {
      if (a.has_g()) note_names(a.g(), reserved);
      for (const auto& g : a.graphs()) note_names(g, reserved);
    }
  }
}

}  // namespace

InsertedNames::InsertedNames(const onnx::ModelProto& model) {
  std::set<std::string> reserved;
  note_names(model.graph(), reserved);
  for (int i = 1; !reserved.empty(); ++i) {
    suffix_ = "_" + std::to_string(i);
    bool is_free = true;
    for (const auto& name : reserved) is_free = is_free && !name.ends_with(suffix_);
    if (is_free) return;
  }
}

std::string find_key_input(const onnx::GraphProto& graph) {
  if (graph.input_size() == 0) return "";
  const std::string& name = graph.input(graph.input_size() - 1).name();
  return name.starts_with(kKeyInput) ? name : "";
}

}  // namespace permcrypt
