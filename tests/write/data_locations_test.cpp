// Data files are taken into the model, wherever the tensors that name them are.
#include <doctest/doctest.h>

#include "plan/sparse_model.h"
#include "write/graph_edits.h"

namespace permcrypt::test {
namespace {

// Tensors as initializers, dense and sparse, in a Constant node, and inside a branch.
onnx::ModelProto model_of_all_kinds() {
  ModelMaker maker;
  maker.input("x", {1, 12}).output("y", {1, 8}).weight("w", {12, 8}).weight("again", {12, 8});
  maker.weight("empty", {0, 8}).node("MatMul", {"x", "w"}, "y");
  *maker.graph().add_sparse_initializer() = sparse_tensor("s", {1, 5, 40}, {});
  for (const char* name : {"in_node", "in_branch"}) {
    onnx::GraphProto* graph = &maker.graph();
    if (std::string(name) == "in_branch") {
      maker.node("If", {"c"}, "z");
      auto& branch = *graph->mutable_node(graph->node_size() - 1)->add_attribute();
      branch.set_name("then_branch");
      branch.set_type(onnx::AttributeProto::GRAPH);
      graph = branch.mutable_g();
      graph->set_name("then");
    }
    onnx::NodeProto& node = *graph->add_node();
    node.set_op_type("Constant");
    node.add_output(name);
    auto& value = *node.add_attribute();
    value.set_name("value");
    value.set_type(onnx::AttributeProto::TENSOR);
    *value.mutable_t() = maker.graph().initializer(0);
    value.mutable_t()->set_name(name);
  }
  return maker.proto();
}

std::vector<onnx::TensorProto*> tensors_of(onnx::GraphProto& graph) {
  std::vector<onnx::TensorProto*> out;
  for (auto& tensor : *graph.mutable_initializer()) out.push_back(&tensor);
  for (auto& sparse : *graph.mutable_sparse_initializer()) {
    out.insert(out.end(), {sparse.mutable_values(), sparse.mutable_indices()});
  }
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) out.push_back(attribute.mutable_t());
      if (!attribute.has_g()) continue;
      const auto inner = tensors_of(*attribute.mutable_g());
      out.insert(out.end(), inner.begin(), inner.end());
    }
  }
  return out;
}

// The model with all its data in a file of its own.
Model with_data_file(onnx::ModelProto model, const TempFolder& folder) {
  std::string data = "?";
  for (onnx::TensorProto* tensor : tensors_of(*model.mutable_graph())) {
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    const auto entry = [&](const std::string& key, const std::string& value) {
      auto& added = *tensor->add_external_data();
      added.set_key(key);
      added.set_value(value);
    };
    entry("location", "data");
    entry("offset", std::to_string(data.size()));
    entry("length", std::to_string(tensor->raw_data().size()));
    data += tensor->raw_data();
    tensor->clear_raw_data();
  }
  folder.write("data", data);
  auto read = read_model(folder.write("model.onnx", model.SerializeAsString()));
  REQUIRE(read);
  return *std::move(read);
}

TEST_CASE("data files: taken into the model, every tensor's") {
  const TempFolder folder;
  onnx::ModelProto expected = model_of_all_kinds();
  const Model model = with_data_file(expected, folder);
  const std::string file = read_all(folder / "model.onnx");
  PayloadReader payloads(model);
  MessageEdits edits(file, model.frames);
  REQUIRE(take_data_in(model, file, payloads, 1 << 20, edits));
  onnx::ModelProto whole;
  REQUIRE(whole.ParseFromString(with_edits(file, edits.finish())));
  const auto tensors = tensors_of(*whole.mutable_graph());
  CHECK(tensors.size() == 7);
  for (onnx::TensorProto* tensor : tensors) {
    CHECK(tensor->data_location() == onnx::TensorProto::DEFAULT);
    tensor->clear_data_location();
  }
  for (onnx::TensorProto* tensor : tensors_of(*expected.mutable_graph())) {
    tensor->set_raw_data(tensor->raw_data());  // also where there is none
  }
  CHECK(whole.SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("data files: not more than a file holds, however often the same bytes are named") {
  const TempFolder folder;
  const Model model = with_data_file(model_of_all_kinds(), folder);
  const std::string file = read_all(folder / "model.onnx");
  PayloadReader payloads(model);
  MessageEdits edits(file, model.frames);
  const auto taken = take_data_in(model, file, payloads, file.size() + 1000, edits);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt::test
