// A model with locks in chosen places, as write_locks() puts them into its bytes.
#pragma once

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_folder.h"
#include "lock/insertion.h"
#include "permcrypt/lock.h"
#include "write/graph_edits.h"

namespace permcrypt::test {

// Building blocks of small models.
inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& op,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name("node_" + outputs.at(0));
  for (const auto& name : inputs) node.add_input(name);
  for (const auto& name : outputs) node.add_output(name);
  return node;
}

inline void add_value(onnx::ValueInfoProto& info, const std::string& name, std::int32_t type,
                      const std::vector<std::int64_t>& shape) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (const auto n : shape) tensor.mutable_shape()->add_dim()->set_dim_value(n);
}

inline void add_weight(onnx::GraphProto& graph, const std::string& name,
                       const std::vector<std::int64_t>& shape) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  std::int64_t count = 1;
  for (const auto n : shape) {
    tensor.add_dims(n);
    count *= n;
  }
  tensor.set_raw_data(std::string(4 * count, 'w'));
}

inline std::string apply_edits(std::string bytes, const std::vector<Edit>& edits) {
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
    REQUIRE(bytes.compare(edit->offset, edit->original.size(), edit->original) == 0);
    bytes.replace(edit->offset, edit->original.size(), edit->replacement);
  }
  return bytes;
}

class LockedFile {
 public:
  explicit LockedFile(const onnx::ModelProto& model) : bytes_(model.SerializeAsString()) {
    auto read = read_model(folder_.write("model.onnx", bytes_));
    REQUIRE(read);
    model_ = *std::move(read);
    payloads_ = std::make_unique<PayloadReader>(model_);
    auto graph = build_graph(model_, *payloads_);
    REQUIRE(graph);
    graph_ = *std::move(graph);
  }

  const Graph& graph() const { return graph_; }

  ValueId value(const std::string& name) const {
    const auto found = std::ranges::find_if(
        graph_.values, [&](const GraphValue& value) { return value.name == name; });
    REQUIRE(found != graph_.values.end());
    return static_cast<ValueId>(found - graph_.values.begin());
  }
  NodeId node(const std::string& output) const { return graph_.values[value(output)].producer; }

  LockSite lock(LockKind kind, const std::string& name, std::uint32_t axis,
                std::int64_t size) const {
    return {.kind = kind, .value = value(name), .axis = axis, .size = size};
  }
  LockSite index_lock(const std::string& ids, const std::string& consumer, std::uint32_t slot,
                      std::int64_t size) const {
    return {.kind = LockKind::kIndex,
            .value = value(ids),
            .node = node(consumer),
            .slot = slot,
            .size = size};
  }

  Result<std::vector<Edit>> edits(std::vector<LockSite> sites,
                                  const LockEditOptions& options = {}) {
    LockedGraph locked;
    locked.graph = insert_locks(graph_, sites);
    locked.locks = std::move(sites);
    auto inference = infer(locked.graph, {});
    REQUIRE(inference);
    locked.inference = *std::move(inference);
    MessageEdits edits(bytes_, model_.frames);
    const auto done = write_locks(locked, bytes_, options, edits);
    if (!done) return fail(done.error());
    return edits.finish();
  }

  // The model with the locks in it, parsed again.
  onnx::ModelProto with(std::vector<LockSite> sites, const LockEditOptions& options = {}) {
    const auto made = edits(std::move(sites), options);
    REQUIRE(made);
    const std::string edited = apply_edits(bytes_, *made);
    onnx::ModelProto out;
    REQUIRE(out.ParseFromString(edited));
    // Every byte is accounted for: what protobuf would write has the same length.
    CHECK(out.ByteSizeLong() == edited.size());
    return out;
  }

 private:
  TempFolder folder_;
  std::string bytes_;
  Model model_;
  std::unique_ptr<PayloadReader> payloads_;
  Graph graph_;
};

// "Gather(x, permcrypt/key0) -> permcrypt/lock0"
inline std::string show(const onnx::NodeProto& node) {
  std::string out = node.op_type() + "(";
  for (int i = 0; i < node.input_size(); ++i) out += (i ? ", " : "") + node.input(i);
  out += ") ->";
  for (const auto& name : node.output()) out += " " + name;
  return out;
}

inline std::vector<std::string> show(const onnx::GraphProto& graph) {
  std::vector<std::string> out;
  for (const auto& node : graph.node()) out.push_back(show(node));
  return out;
}

// x [2,4] -> h = x * w [4,6] -> y = relu(h) * v [6,5]
inline onnx::ModelProto chain(int ir = 8, int opset = 17) {
  onnx::ModelProto model;
  model.set_ir_version(ir);
  model.add_opset_import()->set_version(opset);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("graph");
  add_value(*graph.add_input(), "x", onnx::TensorProto::FLOAT, {2, 4});
  add_node(graph, "MatMul", {"x", "w"}, {"h"});
  add_node(graph, "Relu", {"h"}, {"r"});
  add_node(graph, "MatMul", {"r", "v"}, {"y"});
  add_weight(graph, "w", {4, 6});
  add_weight(graph, "v", {6, 5});
  add_value(*graph.add_output(), "y", onnx::TensorProto::FLOAT, {2, 5});
  return model;
}

}  // namespace permcrypt::test
