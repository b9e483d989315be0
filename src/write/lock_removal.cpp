#include "write/lock_removal.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "read/onnx_fields.h"
#include "read/wire.h"
#include "write/inner_graphs.h"
#include "write/inserted_names.h"

namespace permcrypt {
namespace {

bool uses(const onnx::NodeProto& node, const std::string& name) {
  return std::ranges::find(node.input(), name) != node.input().end();
}

tl::unexpected<Error> not_a_lock(const onnx::NodeProto& node) {
  return fail(ErrorKind::kResult,
              "the key goes into " + in_quotes(node.name()) + " (" + printable(node.op_type()) +
                  "), which is no lock",
              "the graph was changed after it was encrypted; use an intact copy");
}

// The Transposes of a lock that brings its axis to the front, and back.
bool turns(const onnx::NodeProto& node) {
  return node.op_type() == "Transpose" && node.input_size() == 1 && node.output_size() == 1 &&
         (is_turned(node.output(0)) || is_gathered(node.input(0)));
}

}  // namespace

Result<LockRemoval> LockRemoval::find(const onnx::ModelProto& structure,
                                      const std::string& key_input) {
  LockRemoval out;
  if (key_input.empty()) return out;
  const onnx::GraphProto& graph = structure.graph();
  out.empty_ = false;
  out.parts_.insert(key_input);
  for (const auto& node : graph.node()) {
    if (!uses(node, key_input)) continue;
    if (node.op_type() != "Split" || node.input(0) != key_input) return not_a_lock(node);
    out.nodes_.insert(frame_of(node));
    out.parts_.insert(node.output().begin(), node.output().end());
    if (node.input_size() > 1) out.parts_.insert(node.input(1));
  }
  std::set<std::string> outputs;
  for (const auto& value : graph.output()) outputs.insert(value.name());
  if (auto done = out.find_in(graph); !done) return fail(done.error());
  out.name_values(outputs);
  return out;
}

Result<void> LockRemoval::find_in(const onnx::GraphProto& graph) {
  std::set<std::string> uncast;  // ids behind a lock, before they get their type back
  for (const auto& node : graph.node()) {
    for (const onnx::GraphProto* inner : inner_graphs(node)) {
      if (auto done = find_in(*inner); !done) return done;
    }
    const auto is_part = [&](int k) { return parts_.contains(node.input(k)); };
    const bool cast = node.op_type() == "Cast" && uncast.contains(node.input(0));
    const bool turn = turns(node);
    bool any = false;
    for (int k = 0; k < node.input_size(); ++k) any = any || is_part(k);
    if (nodes_.contains(frame_of(node)) || (!any && !cast && !turn)) continue;
    const bool gather = node.op_type() == "Gather" && node.input_size() == 2;
    const bool moves = cast || turn;  // a value, on either side of the Gather
    if (!moves && (!gather || is_part(0) == is_part(1))) return not_a_lock(node);
    nodes_.insert(frame_of(node));
    const std::string& behind = node.output(0);
    const std::string& before = node.input(!moves && is_part(0) ? 1 : 0);
    if (gather && is_part(0)) uncast.insert(behind);
    before_[behind] = before;
  }
  return {};
}

// A value may lie behind several locks. All names of one give way to the first, or to that of the
// model's output if there is one.
void LockRemoval::name_values(const std::set<std::string>& outputs) {
  const auto first = [&](std::string name) {
    for (std::size_t steps = 0; steps < before_.size(); ++steps) {
      const auto it = before_.find(name);
      if (it == before_.end()) break;
      name = it->second;
    }
    return name;
  };
  for (const auto& [behind, before] : before_) {
    if (outputs.contains(behind)) names_[first(before)] = behind;
  }
  for (const auto& [behind, before] : before_) {
    const std::string root = first(before);
    const auto output = names_.find(root);
    const std::string name = output == names_.end() ? root : output->second;
    if (behind != name) names_[behind] = name;
  }
}

const std::string& LockRemoval::renamed(const std::string& name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? name : it->second;
}

std::string LockRemoval::plain_name(const std::string& tensor) const {
  for (const auto& [from, to] : names_) {
    if (!tensor.starts_with(from)) continue;
    if (tensor.size() == from.size() || tensor[from.size()] == '.') {
      return to + tensor.substr(from.size());
    }
  }
  return tensor;
}

// ------------------------------------------------------------------------ in memory

namespace {

template <class List, class Drop>
void erase_if(List& list, Drop drop) {
  list.erase(std::remove_if(list.begin(), list.end(), drop), list.end());
}

}  // namespace

onnx::ModelProto LockRemoval::apply(const onnx::ModelProto& structure) const {
  onnx::ModelProto out = structure;
  const auto named_part = [&](const auto& named) { return parts_.contains(named.name()); };
  erase_if(*out.mutable_graph()->mutable_input(), named_part);
  erase_if(*out.mutable_graph()->mutable_initializer(), named_part);
  std::vector<onnx::GraphProto*> open{out.mutable_graph()};
  while (!open.empty()) {
    onnx::GraphProto& graph = *open.back();
    open.pop_back();
    erase_if(*graph.mutable_node(),
             [&](const onnx::NodeProto& node) { return nodes_.contains(frame_of(node)); });
    for (auto& node : *graph.mutable_node()) {
      for (auto& name : *node.mutable_input()) name = std::string(renamed(name));
      for (auto& name : *node.mutable_output()) name = std::string(renamed(name));
      for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) open.push_back(attribute.mutable_g());
        for (auto& inner : *attribute.mutable_graphs()) open.push_back(&inner);
      }
    }
    for (auto& value : *graph.mutable_output()) value.set_name(std::string(renamed(value.name())));
  }
  return out;
}

// ------------------------------------------------------------------------ in the file

namespace {

class FileEdits {
 public:
  FileEdits(const Model& model, std::string_view file, MessageEdits& edits)
      : model_(model), file_(file), edits_(edits) {}

  template <class List, class Drop>
  Result<void> remove(FrameId parent, std::uint32_t field, const List& list, Drop drop) {
    const auto spans = find_fields(model_, file_, parent, field);
    if (!spans) return fail(spans.error());
    for (int i = 0; i < list.size(); ++i) {
      if (drop(list.Get(i))) edits_.remove(spans->at(static_cast<std::size_t>(i)));
    }
    return {};
  }

  // Gives each entry of a list of strings its new name.
  template <class List, class Name>
  Result<void> rename(FrameId parent, std::uint32_t field, const List& list, Name name) {
    if (std::ranges::all_of(list, [&](const auto& old) { return name(old) == old; })) return {};
    const auto spans = find_fields(model_, file_, parent, field);
    if (!spans) return fail(spans.error());
    for (int i = 0; i < list.size(); ++i) {
      const std::string& next = name(list.Get(i));
      if (next != list.Get(i)) {
        edits_.replace_content(spans->at(static_cast<std::size_t>(i)), next);
      }
    }
    return {};
  }

  // The same for what a graph declares.
  template <class List, class Name>
  Result<void> rename_infos(FrameId graph, std::uint32_t field, const List& list, Name name) {
    const auto spans = find_fields(model_, file_, graph, field);
    if (!spans) return fail(spans.error());
    for (int i = 0; i < list.size(); ++i) {
      const std::string& next = name(list.Get(i).name());
      if (next == list.Get(i).name()) continue;
      const FieldSpan& info = spans->at(static_cast<std::size_t>(i));
      const FrameId frame = edits_.add_frame(info);
      wire::Cursor fields(file_, info.frame.begin, info.frame.end);
      while (const auto f = fields.next()) {
        if (f->is(onnx_field::value_info::kName, wire::Type::kBytes)) {
          edits_.replace_content({f->tag, frame_around(*f, frame)}, next);
        }
      }
    }
    return {};
  }

 private:
  const Model& model_;
  std::string_view file_;
  MessageEdits& edits_;
};

}  // namespace

Result<void> LockRemoval::apply(const Model& model, std::string_view file,
                                const onnx::GraphProto& graph, MessageEdits& edits) const {
  namespace f = onnx_field;
  FileEdits out(model, file, edits);
  const FrameId frame = frame_of(graph);
  const auto name = [&](const std::string& old) -> const std::string& { return renamed(old); };
  const auto is_lock = [&](const auto& node) { return nodes_.contains(frame_of(node)); };
  const auto is_inserted = [&](const auto& value) {
    return parts_.contains(value.name()) || names_.contains(value.name());
  };
  if (auto done = out.remove(frame, f::graph::kNode, graph.node(), is_lock); !done) return done;
  auto done = out.remove(frame, f::graph::kValueInfo, graph.value_info(), is_inserted);
  if (!done) return done;
  done = out.rename_infos(frame, f::graph::kOutput, graph.output(), name);
  if (!done) return done;
  for (const auto& node : graph.node()) {
    if (is_lock(node)) continue;
    done = out.rename(frame_of(node), f::node::kInput, node.input(), name);
    if (done) done = out.rename(frame_of(node), f::node::kOutput, node.output(), name);
    for (const onnx::GraphProto* inner : inner_graphs(node)) {
      if (done) done = apply(model, file, *inner, edits);
    }
    if (!done) return done;
  }
  return {};
}

Result<void> LockRemoval::apply(const Model& model, std::string_view file,
                                MessageEdits& edits) const {
  namespace f = onnx_field;
  FileEdits out(model, file, edits);
  const auto is_manifest = [](const auto& entry) { return entry.key().starts_with("permcrypt."); };
  auto done = out.remove(kNone, f::model::kMetadata, model.structure.metadata_props(), is_manifest);
  if (!done || empty_) return done;
  const onnx::GraphProto& graph = model.structure.graph();
  const auto is_part = [&](const auto& named) { return parts_.contains(named.name()); };
  done = out.remove(frame_of(graph), f::graph::kInput, graph.input(), is_part);
  if (!done) return done;
  done = out.remove(frame_of(graph), f::graph::kInitializer, graph.initializer(), is_part);
  if (!done) return done;
  return apply(model, file, graph, edits);
}

}  // namespace permcrypt
