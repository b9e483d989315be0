#include "write/model_parts.h"

#include <doctest/doctest.h>

#include "permcrypt/graph.h"
#include "plan/small_models.h"
#include "write/graph_names.h"

namespace permcrypt {
namespace {

using test::ModelMaker;

// x -> a -> b -> c -> y, with a detour of x around the body, and a shape of x that all use.
struct Chain {
  Chain() {
    maker.input("x", {-1, 4}).output("y", {-1, 4});
    maker.graph()
        .mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_param("n");
    maker.weight("w", {4, 4}).weight("v", {4, 4});
    maker.node("Shape", {"x"}, "s").node("MatMul", {"x", "w"}, "a");
    maker.node("Reshape", {"a", "s"}, "b").node("MatMul", {"b", "v"}, "c");
    maker.node("Reshape", {"c", "s"}, "d").node("Add", {"d", "x"}, "y");
    const Axis n{kUnit, 101, 103}, four{kUnit, 4, 4};
    for (const char* name : {"x", "a", "b", "c", "d", "y"}) {
      shapes[name].known = true;
      shapes[name].type = onnx::TensorProto::FLOAT;
      shapes[name].axes = {n, four};
    }
  }
  ModelMaker maker;
  ValueShapes shapes;
};

std::string names(const auto& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : " ") + value.name();
  return out;
}

std::string operators(const onnx::ModelProto& model) {
  std::string out;
  for (const auto& node : model.graph().node()) out += (out.empty() ? "" : " ") + node.op_type();
  return out;
}

TEST_CASE("a model in three parts") {
  Chain chain;
  const auto parts = cut_model(chain.maker.proto(), chain.shapes, "a", "c");
  REQUIRE(parts);
  CHECK(names(parts->head.graph().input()) == "x");
  CHECK(names(parts->head.graph().output()) == "a");
  CHECK(operators(parts->head) == "MatMul");
  CHECK(names(parts->head.graph().initializer()) == "w");
  // The body must not see x: it reads the shape off what it begins with.
  CHECK(names(parts->body.graph().input()) == "a");
  CHECK(names(parts->body.graph().output()) == "c");
  CHECK(operators(parts->body) == "Shape Gather Concat Reshape MatMul");
  CHECK(names(parts->tail.graph().input()) == "x c");
  CHECK(names(parts->tail.graph().output()) == "y");
  CHECK(parts->into_body == std::vector<std::string>{"a"});
  CHECK(parts->out_of_body == std::vector<std::string>{"c"});
}

TEST_CASE("a shape that cannot be read off what a part begins with comes from where its value is") {
  Chain chain;
  const Axis other{kUnit, 107, 109};
  chain.shapes["x"].axes[0] = other;
  chain.shapes["s"].known = true;
  chain.shapes["s"].type = onnx::TensorProto::INT64;
  chain.shapes["s"].axes = {Axis{kUnit, 2, 2}};
  const auto parts = cut_model(chain.maker.proto(), chain.shapes, "a", "c");
  REQUIRE(parts);
  CHECK(operators(parts->head) == "Shape MatMul");
  CHECK(names(parts->head.graph().output()) == "s a");
  CHECK(names(parts->body.graph().input()) == "s a");
  CHECK(operators(parts->body) == "Reshape MatMul");
  CHECK(names(parts->tail.graph().input()) == "x s c");
}

TEST_CASE("without an end the body goes on to the outputs") {
  Chain chain;
  chain.maker.graph().mutable_node(5)->set_input(1, "a");
  const auto parts = cut_model(chain.maker.proto(), chain.shapes, "a", "");
  REQUIRE(parts);
  CHECK(parts->into_body == std::vector<std::string>{"a"});
  CHECK(parts->out_of_body == std::vector<std::string>{"y"});
  CHECK(parts->tail.graph().node_size() == 0);
}

TEST_CASE("places that leave nothing, or values that nobody knows, are refused") {
  Chain chain;
  CHECK(cut_model(chain.maker.proto(), chain.shapes, "c", "a").error().kind == ErrorKind::kUsage);
  CHECK(cut_model(chain.maker.proto(), chain.shapes, "a", "a").error().kind == ErrorKind::kUsage);
  chain.maker.node("MatMul", {"w", "v"}, "constant");
  const auto model = chain.maker.proto();
  CHECK(cut_model(model, chain.shapes, "constant", "c").error().kind == ErrorKind::kUsage);
  chain.shapes.erase("c");
  CHECK(cut_model(chain.maker.proto(), chain.shapes, "a", "c").error().kind == ErrorKind::kInput);
}

TEST_CASE("a value gets another name, in inner graphs too") {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  auto& node = *graph.add_node();
  node.add_input("c");
  node.add_output("y");
  auto& attribute = *node.add_attribute();
  attribute.mutable_g()->add_node()->add_input("x");
  rename_value(graph, "x", "z");
  CHECK(graph.input(0).name() == "z");
  CHECK(graph.node(0).attribute(0).g().node(0).input(0) == "z");
  CHECK(graph.node(0).input(0) == "c");
}

}  // namespace
}  // namespace permcrypt
