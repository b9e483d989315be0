#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <string>

#include "base/counted_memory.h"
#include "base/temp_folder.h"
#include "permcrypt/analysis.h"

namespace permcrypt::test {
namespace {

constexpr int kWidth = 4, kHidden = 8;

std::string add_matrix(onnx::GraphProto& graph, const std::string& name, int rows, int columns) {
  static unsigned seed = 1;
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(rows);
  tensor.add_dims(columns);
  for (int i = 0; i < rows * columns; ++i) {
    seed = seed * 1664525u + 1013904223u;
    tensor.add_float_data(static_cast<float>(seed >> 8) / (1 << 24));
  }
  return name;
}

std::string add_node(onnx::GraphProto& graph, const std::string& op, const std::string& x,
                     const std::string& y = "") {
  auto& node = *graph.add_node();
  node.set_op_type(op);
  node.add_input(x);
  if (!y.empty()) node.add_input(y);
  node.add_output("v" + std::to_string(graph.node_size()));
  return node.output(0);
}

void add_value(onnx::ValueInfoProto& value, const std::string& name) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  type.mutable_shape()->add_dim()->set_dim_value(kWidth);
}

// Two matrices and four nodes a layer, around a residual stream.
onnx::ModelProto layers(int count) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(21);
  auto& graph = *model.mutable_graph();
  add_value(*graph.add_input(), "x");
  std::string x = add_node(graph, "MatMul", "x", add_matrix(graph, "first", kWidth, kWidth));
  for (int i = 0; i < count; ++i) {
    const std::string name = "layer" + std::to_string(i);
    std::string y = add_node(graph, "MatMul", x, add_matrix(graph, name + ".up", kWidth, kHidden));
    y = add_node(graph, "Relu", y);
    y = add_node(graph, "MatMul", y, add_matrix(graph, name + ".down", kHidden, kWidth));
    x = add_node(graph, "Add", x, y);
  }
  add_value(*graph.add_output(),
            add_node(graph, "MatMul", x, add_matrix(graph, "last", kWidth, kWidth)));
  return model;
}

// The most that reading and analysing the model takes.
std::size_t memory_of_analysis(int count) {
  const TempFolder folder;
  const auto path = folder.write("model.onnx", layers(count).SerializeAsString());
  const std::size_t before = memory_in_use();
  start_counting();
  auto model = read_model(path);
  REQUIRE(model);
  const auto analysis = analyse(*std::move(model), {});
  REQUIRE(analysis);
  CHECK(analysis->plan.tensors.size() == 2u * static_cast<unsigned>(count) + 2);
  return most_memory() - before;
}

TEST_CASE("analysis: what a tensor more, with its two nodes, takes in memory") {
  if (!counts_memory()) return;
  constexpr int kFew = 1000, kMany = 3000;
  const std::size_t few = memory_of_analysis(kFew), many = memory_of_analysis(kMany);
  CHECK(few > 0);
  const std::size_t each = (many - few) / (2 * (kMany - kFew));
  CHECK_MESSAGE(each < 4600, each);
  // Nor does it grow faster than the model.
  CHECK(static_cast<double>(many) < 3.3 * static_cast<double>(few));
}

}  // namespace
}  // namespace permcrypt::test
