#include "write/use_renaming.h"

#include <algorithm>

#include "base/quote.h"
#include "read/onnx_fields.h"

namespace permcrypt {
namespace {

// Names that a graph gives to values itself.
template <class Visit>
void each_definition(const onnx::GraphProto& graph, Visit visit) {
  for (const auto& v : graph.input()) visit(v.name());
  for (const auto& t : graph.initializer()) visit(t.name());
  for (const auto& t : graph.sparse_initializer()) visit(t.values().name());
  for (const auto& node : graph.node()) {
    for (const auto& name : node.output()) visit(name);
  }
}

std::vector<const onnx::GraphProto*> graphs_of(const onnx::NodeProto& node) {
  std::vector<const onnx::GraphProto*> out;
  for (const auto& a : node.attribute()) {
    if (a.has_g()) out.push_back(&a.g());
    for (const auto& g : a.graphs()) out.push_back(&g);
  }
  return out;
}

}  // namespace

Result<void> UseRenaming::run() {
  auto used = walk_graph(locked_.graph.model->structure.graph(), {});
  if (!used) return fail(used.error());
  if (auto done = rename_node_outputs(); !done) return done;
  if (auto done = rename_inner_outputs(); !done) return done;
  return check_operands();
}

// Graphs nest no deeper than the reader lets them.
Result<UseRenaming::Used> UseRenaming::walk_graph(const onnx::GraphProto& graph, Active active) {
  const FrameId frame = frame_of(graph);
  if (!active.empty()) each_definition(graph, [&](const auto& name) { active.erase(name); });
  for (std::size_t i = 0; i < names_.uses.size(); ++i) {
    if (names_.uses[i].owner == frame) active[names_.uses[i].from] = i;
  }
  Used all;
  for (int k = 0; k < graph.node_size(); ++k) {
    auto used = walk_node(graph.node(k), active);
    if (!used) return used;
    for (const std::size_t i : *used) {
      if (names_.uses[i].owner != frame) {
        all.push_back(i);
      } else {
        first_use_[i] = std::min(first_use_[i], static_cast<std::size_t>(k));
      }
    }
  }
  return all;
}

Result<UseRenaming::Used> UseRenaming::walk_node(const onnx::NodeProto& node,
                                                 const Active& active) {
  Used used;
  const FrameId frame = frame_of(node);
  std::map<int, std::string> inputs;
  for (int slot = 0; slot < node.input_size(); ++slot) {
    const auto use = active.find(node.input(slot));
    if (use != active.end()) used.push_back(use->second);
    const auto place = std::make_pair(frame, static_cast<std::uint32_t>(slot));
    if (const auto own = operands_.find(place); own != operands_.end()) {
      inputs[slot] = own->second;
    } else if (use != active.end() && names_.uses[use->second].to != node.input(slot)) {
      inputs[slot] = operands_[place] = names_.uses[use->second].to;
    }
  }
  if (auto done = rename_strings(frame, onnx_field::node::kInput, inputs); !done) {
    return fail(done.error());
  }
  for (const onnx::GraphProto* inner : graphs_of(node)) {
    auto more = walk_graph(*inner, active);
    if (!more) return more;
    used.insert(used.end(), more->begin(), more->end());
  }
  return used;
}

Result<void> UseRenaming::rename_strings(FrameId message, std::uint32_t field,
                                         const std::map<int, std::string>& new_names) {
  if (new_names.empty()) return {};
  const auto spans = find_fields(*locked_.graph.model, file_, message, field);
  if (!spans) return fail(spans.error());
  for (const auto& [slot, name] : new_names) edits_.replace_content(spans->at(slot), name);
  return {};
}

Result<void> UseRenaming::rename_node_outputs() {
  for (const auto& node : locked_.graph.model->structure.graph().node()) {
    std::map<int, std::string> outputs;
    for (int slot = 0; slot < node.output_size(); ++slot) {
      const auto it = names_.outputs.find(node.output(slot));
      if (it != names_.outputs.end()) outputs[slot] = it->second;
    }
    auto done = rename_strings(frame_of(node), onnx_field::node::kOutput, outputs);
    if (!done) return done;
  }
  return {};
}

// A graph inside may hand a locked value out as it is.
Result<void> UseRenaming::rename_inner_outputs() {
  for (std::size_t b = 1; b < locked_.graph.bodies.size(); ++b) {
    const GraphBody& body = locked_.graph.bodies[b];
    for (std::size_t i = 0; i < body.outputs.size(); ++i) {
      const auto it = names_.values.find(body.outputs[i]);
      if (it == names_.values.end()) continue;
      const auto outputs =
          find_fields(*locked_.graph.model, file_, body.frame, onnx_field::graph::kOutput);
      if (!outputs) return fail(outputs.error());
      const FieldSpan& info = outputs->at(i);
      const FrameId frame = edits_.add_frame(info);
      wire::Cursor fields(file_, info.frame.begin, info.frame.end);
      while (const auto field = fields.next()) {
        if (field->is(onnx_field::value_info::kName, wire::Type::kBytes)) {
          edits_.replace_content({field->tag, frame_around(*field, frame)}, it->second);
        }
      }
    }
  }
  return {};
}

Result<void> UseRenaming::check_operands() const {
  for (const GraphNode& node : locked_.graph.nodes) {
    if (node.in_function || node.frame == kNone) continue;
    for (std::uint32_t slot = 0; slot < node.inputs.size(); ++slot) {
      if (node.inputs[slot] == kNone) continue;
      const auto wanted = names_.values.find(node.inputs[slot]);
      const auto written = operands_.find({node.frame, slot});
      const bool as_wanted =
          wanted == names_.values.end()
              ? written == operands_.end()
              : (written != operands_.end()
                     ? written->second
                     : node.proto->input(static_cast<int>(slot))) == wanted->second;
      if (!as_wanted) {
        return fail(ErrorKind::kDefect, "operand " + std::to_string(slot) + " of node " +
                                            in_quotes(node.proto->name()) +
                                            " would not read what its lock says");
      }
    }
  }
  return {};
}

}  // namespace permcrypt
