#include "write/model_parts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/quote.h"
#include "write/graph_names.h"

namespace permcrypt {
namespace {

enum Part : std::uint8_t { kHead, kBody, kTail };

bool is_random(const onnx::NodeProto& node) {
  return node.op_type().starts_with("Random") || node.op_type() == "Multinomial" ||
         node.op_type() == "Bernoulli";
}

// A part while it is put together.
struct Draft {
  std::set<int> nodes;
  std::set<std::string> seen;
  std::vector<std::string> inputs;  // of the model, or from parts before
  std::vector<std::string> outputs;
  onnx::GraphProto made;  // stands for Shape nodes of values that are elsewhere
};

class Cutter {
 public:
  Cutter(const onnx::ModelProto& whole, const ValueShapes& shapes, std::string begin,
         std::string end)
      : whole_(whole),
        graph_(whole.graph()),
        shapes_(shapes),
        begin_(std::move(begin)),
        end_(std::move(end)) {}

  Result<ModelParts> run() {
    read_graph();
    for (const std::string& name : {begin_, end_}) {
      if (!name.empty() && portable_[producer_.at(name)]) {
        return fail(ErrorKind::kUsage, in_quotes(name) + " is computed from shapes and constants",
                    "cut at a value that is computed from data");
      }
    }
    assign_parts();
    if (!end_.empty() && part_[producer_.at(end_)] != kBody) {
      return fail(ErrorKind::kUsage, in_quotes(end_) + " does not come after " + in_quotes(begin_),
                  "name the value where the body begins first");
    }
    for (const auto& output : graph_.output()) {
      const auto it = producer_.find(output.name());
      const bool early =
          it != producer_.end() && !portable_[it->second] && part_[it->second] == kHead;
      (early ? drafts_[kHead] : drafts_[kTail]).outputs.push_back(output.name());
    }
    for (const Part part : {kTail, kBody, kHead}) draft(part);
    return finish();
  }

 private:
  void read_graph() {
    for (const auto& tensor : graph_.initializer()) constants_.insert(tensor.name());
    for (const auto& tensor : graph_.sparse_initializer()) {
      constants_.insert(tensor.values().name());
    }
    for (const auto& value : graph_.input()) {
      if (!constants_.contains(value.name())) inputs_.insert(value.name());
    }
    reads_.resize(graph_.node_size());
    for (int n = 0; n < graph_.node_size(); ++n) {
      reads_[n] = names_read(graph_.node(n));
      for (const auto& name : graph_.node(n).output()) {
        if (!name.empty()) producer_[name] = n;
      }
    }
    find_portable();
  }

  // Nodes whose results need no data. Files need not be sorted: repeat until nothing changes.
  void find_portable() {
    portable_.assign(graph_.node_size(), false);
    for (bool changed = true; changed;) {
      changed = false;
      for (int n = 0; n < graph_.node_size(); ++n) {
        if (portable_[n] || is_random(graph_.node(n))) continue;
        const bool constant = std::ranges::all_of(reads_[n], [&](const std::string& name) {
          const auto it = producer_.find(name);
          return constants_.contains(name) || (it != producer_.end() && portable_[it->second]);
        });
        if (constant || (is_shape(n) && extents_of(n, begin_))) portable_[n] = changed = true;
      }
    }
  }

  bool is_shape(int n) const { return permcrypt::is_shape(graph_.node(n)); }

  std::optional<std::vector<Extent>> extents_of(int n, const std::string& anchor) const {
    return permcrypt::extents_of(graph_.node(n), shapes_, anchor);
  }

  std::vector<bool> ancestors(const std::string& value) const {
    std::vector<bool> out(graph_.node_size(), false);
    std::vector<int> open{producer_.at(value)};
    while (!open.empty()) {
      const int n = open.back();
      open.pop_back();
      if (out[n]) continue;
      out[n] = true;
      for (const std::string& name : reads_[n]) {
        if (const auto it = producer_.find(name); it != producer_.end()) open.push_back(it->second);
      }
    }
    return out;
  }

  void assign_parts() {
    const std::vector<bool> head = ancestors(begin_);
    const std::vector<bool> body =
        end_.empty() ? std::vector<bool>(head.size(), true) : ancestors(end_);
    for (std::size_t n = 0; n < head.size(); ++n) {
      part_.push_back(head[n] ? kHead : body[n] ? kBody : kTail);
    }
    // A shape that a part cannot tell from what it begins with is measured where its value is: the
    // value itself may be none of that part's business.
    for (std::size_t i = 0; i < head.size(); ++i) {
      const int n = static_cast<int>(i);
      if (!is_shape(n) || portable_[n] || anchor_of(part_[n], n)) continue;
      const auto it = producer_.find(graph_.node(n).input(0));
      part_[n] = std::min(part_[n], it == producer_.end() ? kHead : part_[it->second]);
    }
  }

  // What a part begins with that has all extents of a Shape node's value. Head and tail are both
  // the user's: what the body begins with may be read in either.
  std::optional<std::string> anchor_of(Part part, int n) const {
    if (part == kTail && !end_.empty() && extents_of(n, end_)) return end_;
    if (extents_of(n, begin_)) return begin_;
    return std::nullopt;
  }

  // Collects what a part computes, and asks the parts before it for the rest.
  void draft(Part part) {
    std::vector<std::string> open = drafts_[part].outputs;
    while (!open.empty()) {
      const std::string value = std::move(open.back());
      open.pop_back();
      if (!drafts_[part].seen.insert(value).second || constants_.contains(value)) continue;
      const auto it = producer_.find(value);
      const bool here =
          it != producer_.end() && (portable_[it->second] || part_[it->second] == part);
      if (!here) {
        ask_for(part, value, it == producer_.end() ? kHead : part_[it->second]);
      } else if (stands_for_other(part, it->second)) {
        const std::string anchor = *anchor_of(part, it->second);
        add_shape(drafts_[part].made, graph_.node(it->second), *extents_of(it->second, anchor),
                  anchor);
        open.push_back(anchor);
      } else {
        drafts_[part].nodes.insert(it->second);
        open.insert(open.end(), reads_[it->second].begin(), reads_[it->second].end());
      }
    }
  }

  void ask_for(Part part, const std::string& value, Part from) {
    drafts_[part].inputs.push_back(value);
    if (part == kHead || (part == kTail && inputs_.contains(value))) return;
    auto& outputs = drafts_[from].outputs;
    if (std::ranges::find(outputs, value) == outputs.end()) outputs.push_back(value);
  }

  // A Shape node of a value that the part does not have.
  bool stands_for_other(Part part, int n) const {
    if (!is_shape(n) || part == kHead) return false;
    const std::string& value = graph_.node(n).input(0);
    if (constants_.contains(value)) return false;
    const auto it = producer_.find(value);
    if (it == producer_.end()) return true;
    return !portable_[it->second] && part_[it->second] != part;
  }

  // ------------------------------------------------------------------------ results

  Result<onnx::ValueInfoProto> declare(const std::string& name) const {
    for (const auto* list : {&graph_.input(), &graph_.output()}) {
      for (const auto& value : *list) {
        if (value.name() == name) return value;
      }
    }
    const auto it = shapes_.find(name);
    if (it == shapes_.end() || !it->second.known || it->second.type == 0) {
      return fail(ErrorKind::kInput, "the shape of " + in_quotes(name) + " is not known",
                  "cut at another value");
    }
    onnx::ValueInfoProto out;
    out.set_name(name);
    auto& type = *out.mutable_type()->mutable_tensor_type();
    type.set_elem_type(it->second.type);
    type.mutable_shape();
    for (const Axis& axis : it->second.axes) {
      auto& dim = *type.mutable_shape()->add_dim();
      if (axis.dynamic()) {
        dim.set_dim_param("n" + std::to_string(axis.a));  // equal extents have one name
      } else {
        dim.set_dim_value(axis.a);
      }
    }
    return out;
  }

  Result<onnx::ModelProto> build(const Draft& draft) const {
    onnx::ModelProto out = whole_;
    onnx::GraphProto& graph = *out.mutable_graph();
    out.clear_training_info();
    graph.clear_node();
    graph.clear_input();
    graph.clear_output();
    graph.clear_value_info();
    graph.clear_initializer();
    graph.clear_sparse_initializer();
    *graph.mutable_node() = draft.made.node();
    *graph.mutable_initializer() = draft.made.initializer();
    for (const int n : draft.nodes) *graph.add_node() = graph_.node(n);
    for (const auto& tensor : graph_.initializer()) {
      if (draft.seen.contains(tensor.name())) *graph.add_initializer() = tensor;
    }
    for (const auto& tensor : graph_.sparse_initializer()) {
      if (draft.seen.contains(tensor.values().name())) *graph.add_sparse_initializer() = tensor;
    }
    for (const std::string& name : draft.inputs) {
      auto info = declare(name);
      if (!info) return fail(info.error());
      *graph.add_input() = *std::move(info);
    }
    for (const std::string& name : draft.outputs) {
      auto info = declare(name);
      if (!info) return fail(info.error());
      *graph.add_output() = *std::move(info);
    }
    // Before IR 4 an initializer is an input, too.
    if (whole_.ir_version() >= 4) return out;
    for (const auto& value : graph_.input()) {
      if (constants_.contains(value.name()) && draft.seen.contains(value.name())) {
        *graph.add_input() = value;
      }
    }
    return out;
  }

  Result<ModelParts> finish() {
    ModelParts out;
    out.into_body = drafts_[kBody].inputs;
    out.out_of_body = drafts_[kBody].outputs;
    for (const std::string& name : drafts_[kHead].outputs) {
      const auto is_it = [&](const auto& value) { return value.name() == name; };
      if (std::ranges::any_of(graph_.output(), is_it) ||
          std::ranges::find(drafts_[kTail].inputs, name) != drafts_[kTail].inputs.end()) {
        out.plain_from_head.push_back(name);
      }
    }
    if (out.into_body.empty() || out.out_of_body.empty()) {
      return fail(ErrorKind::kUsage, "nothing is left for the body", "cut at another value");
    }
    for (const auto& [part, model] :
         {std::pair{kHead, &out.head}, {kBody, &out.body}, {kTail, &out.tail}}) {
      auto built = build(drafts_[part]);
      if (!built) return fail(built.error());
      *model = *std::move(built);
    }
    return out;
  }

  const onnx::ModelProto& whole_;
  const onnx::GraphProto& graph_;
  const ValueShapes& shapes_;
  const std::string begin_, end_;
  std::set<std::string> constants_, inputs_;
  std::map<std::string, int> producer_;
  std::vector<std::set<std::string>> reads_;  // by node, with what its inner graphs read
  std::vector<bool> portable_;
  std::vector<Part> part_;
  std::array<Draft, 3> drafts_;
};

}  // namespace

Result<ModelParts> cut_model(const onnx::ModelProto& whole, const ValueShapes& shapes,
                             const std::string& begin, const std::string& end) {
  return Cutter(whole, shapes, begin, end).run();
}

}  // namespace permcrypt
