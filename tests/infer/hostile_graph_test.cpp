// Graphs that no exporter makes: each ends in an error or a result, soon.
#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "base/temp_folder.h"
#include "permcrypt/infer.h"

namespace permcrypt {
namespace {

onnx::ModelProto with_float(const std::string& input, const std::vector<std::int64_t>& shape) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(24);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("g");
  graph.add_input()->set_name(input);
  auto& tensor = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto n : shape) tensor.mutable_shape()->add_dim()->set_dim_value(n);
  return model;
}

void add_node(onnx::GraphProto& graph, const std::string& op, std::vector<std::string> inputs,
              std::vector<std::string> outputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  for (auto& name : inputs) node.add_input(std::move(name));
  for (auto& name : outputs) node.add_output(std::move(name));
}

class Sample {
 public:
  explicit Sample(const onnx::ModelProto& model)
      : model_(read_model(folder_.write("model.onnx", model.SerializeAsString())).value()),
        payloads_(model_),
        graph_(build_graph(model_, payloads_)) {}

  const Result<Graph>& graph() const { return graph_; }
  Result<Inference> inference() const { return infer(*graph_, {}); }

 private:
  test::TempFolder folder_;
  Model model_;
  PayloadReader payloads_;
  Result<Graph> graph_;
};

TEST_CASE("a Split that makes nothing") {
  onnx::ModelProto model = with_float("x", {4, 6});
  add_node(*model.mutable_graph(), "Split", {"x"}, {});
  const Sample sample(model);
  REQUIRE(sample.graph());
  CHECK(sample.inference());
}

TEST_CASE("an operand of too low a rank: the rule gives up") {
  onnx::ModelProto model = with_float("x", {2, 4, 6});
  onnx::TensorProto& at = *model.mutable_graph()->add_initializer();
  at.set_name("at");
  at.set_data_type(onnx::TensorProto::INT64);
  at.add_int64_data(0);
  add_node(*model.mutable_graph(), "TensorScatter", {"x", "x", "at"}, {"y"});
  model.mutable_graph()->add_output()->set_name("y");
  const Sample sample(model);
  REQUIRE(sample.graph());
  const auto inference = sample.inference();
  REQUIRE(inference);
  CHECK(inference->gave_up.size() == 1);
}

// 2^40 calls, and not one node.
TEST_CASE("functions that only call others are counted") {
  onnx::ModelProto model = with_float("x", {4});
  auto& domain = *model.add_opset_import();
  domain.set_domain("d");
  domain.set_version(1);
  const auto call = [](onnx::NodeProto& node, int level) {
    node.set_domain("d");
    node.set_op_type("f" + std::to_string(level));
  };
  for (int level = 0; level < 40; ++level) {
    onnx::FunctionProto& function = *model.add_functions();
    function.set_domain("d");
    function.set_name("f" + std::to_string(level));
    *function.add_opset_import() = domain;
    if (level == 39) continue;
    call(*function.add_node(), level + 1);
    call(*function.add_node(), level + 1);
  }
  call(*model.mutable_graph()->add_node(), 0);
  const Sample sample(model);
  REQUIRE_FALSE(sample.graph());
  CHECK(sample.graph().error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt
