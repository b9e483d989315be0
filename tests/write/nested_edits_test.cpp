// Locks in branches, and on what local functions return.
#include <doctest/doctest.h>

#include "write/graph_edits.h"
#include "write/locked_file.h"

namespace permcrypt {
namespace {

using test::add_node;
using test::add_value;
using test::add_weight;
using test::chain;
using test::LockedFile;
using test::show;

constexpr auto kFloat = onnx::TensorProto::FLOAT;
constexpr auto kInt64 = onnx::TensorProto::INT64;

// if (c) { h + table[ids] } else { h }
onnx::ModelProto branches() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("graph");
  add_value(*graph.add_input(), "x", kFloat, {2, 4});
  add_value(*graph.add_input(), "c", onnx::TensorProto::BOOL, {});
  add_value(*graph.add_input(), "ids", kInt64, {2});
  add_node(graph, "MatMul", {"x", "w"}, {"h"});
  onnx::NodeProto& choice = add_node(graph, "If", {"c"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& attribute = *choice.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    onnx::GraphProto& body = *attribute.mutable_g();
    body.set_name(name);
    const std::string suffix(1, name[0]);
    if (suffix == "t") {
      add_node(body, "Gather", {"table", "ids"}, {"rows"});
      add_node(body, "Add", {"h", "rows"}, {"out_t"});
    } else {
      add_node(body, "Relu", {"h"}, {"out_e"});
    }
    add_value(*body.add_output(), "out_" + suffix, kFloat, {2, 6});
  }
  add_weight(graph, "w", {4, 6});
  add_weight(graph, "table", {9, 6});
  add_value(*graph.add_output(), "y", kFloat, {2, 6});
  return model;
}

const onnx::GraphProto& body_of(const onnx::NodeProto& node, int i) {
  return node.attribute(i).g();
}

TEST_CASE("a value that branches capture gets its lock before the If, an index one inside") {
  LockedFile file(branches());
  const auto out =
      file.with({file.lock(LockKind::kBoundary, "h", 1, 6), file.index_lock("ids", "rows", 1, 9)});
  const auto nodes = show(out.graph());
  CHECK(nodes[2] == "Gather(h, permcrypt/key0) -> permcrypt/lock0");
  CHECK(nodes[3] == "If(c) -> y");
  CHECK(show(body_of(out.graph().node(3), 0)) ==
        std::vector<std::string>{"Gather(permcrypt/key1, ids) -> permcrypt/lock1",
                                 "Gather(table, permcrypt/lock1) -> rows",
                                 "Add(permcrypt/lock0, rows) -> out_t"});
  CHECK(show(body_of(out.graph().node(3), 1)) ==
        std::vector<std::string>{"Relu(permcrypt/lock0) -> out_e"});
}

TEST_CASE("a name that a branch gives to a value of its own is not the locked one") {
  onnx::ModelProto model = branches();
  onnx::GraphProto& body =
      *model.mutable_graph()->mutable_node(1)->mutable_attribute(1)->mutable_g();
  body.mutable_node(0)->set_input(0, "own");
  onnx::NodeProto first = body.node(0);
  body.mutable_node(0)->Clear();
  body.mutable_node(0)->set_op_type("Neg");
  body.mutable_node(0)->add_input("h");
  body.mutable_node(0)->add_output("own");
  *body.add_node() = first;
  LockedFile file(model);
  const auto out = file.with({file.lock(LockKind::kBoundary, "h", 1, 6)});
  CHECK(show(body_of(out.graph().node(3), 1))[0] == "Neg(permcrypt/lock0) -> own");
  CHECK(show(body_of(out.graph().node(3), 1))[1] == "Relu(own) -> out_e");
}

TEST_CASE("a locked value inside a branch") {
  LockedFile file(branches());
  const auto out = file.with({file.lock(LockKind::kBlock, "rows", 1, 6)});
  CHECK(show(body_of(out.graph().node(2), 0))[1] ==
        "Gather(rows, permcrypt/key0) -> permcrypt/lock0");
  CHECK(show(body_of(out.graph().node(2), 0))[2] == "Add(h, permcrypt/lock0) -> out_t");
}

// h = Layer(x, w), y = Layer(h, v), where Layer(a, b) = relu(a * b)
onnx::ModelProto calls() {
  onnx::ModelProto model = chain();
  onnx::GraphProto& graph = *model.mutable_graph();
  model.add_opset_import()->set_domain("local");
  model.mutable_opset_import(1)->set_version(1);
  graph.clear_node();
  add_node(graph, "Layer", {"x", "w"}, {"h"}).set_domain("local");
  add_node(graph, "Layer", {"h", "v"}, {"y"}).set_domain("local");
  onnx::FunctionProto& function = *model.add_functions();
  function.set_name("Layer");
  function.set_domain("local");
  function.add_input("a");
  function.add_input("b");
  function.add_output("out");
  *function.add_opset_import() = model.opset_import(0);
  onnx::GraphProto body;
  add_node(body, "MatMul", {"a", "b"}, {"product"});
  add_node(body, "Relu", {"product"}, {"out"});
  for (const auto& node : body.node()) *function.add_node() = node;
  return model;
}

TEST_CASE("what a function returns is locked under the name it has where it is called") {
  const onnx::ModelProto model = calls();
  LockedFile file(model);
  const NodeId first = file.graph().bodies[0].nodes[1], second = file.graph().bodies[0].nodes[3];
  const LockSite cut{.kind = LockKind::kBlock,
                     .value = file.graph().nodes[first].outputs[0],
                     .axis = 1,
                     .size = 6};
  const LockSite end{.kind = LockKind::kOutput,
                     .value = file.graph().nodes[second].outputs[0],
                     .axis = 1,
                     .size = 5};
  const auto out = file.with({file.lock(LockKind::kInput, "x", 1, 4), cut, end});
  CHECK(show(out.graph()) ==
        std::vector<std::string>{
            "Split(permcrypt_key, permcrypt/sizes) -> permcrypt/key0 permcrypt/key1 permcrypt/key2",
            "Gather(x, permcrypt/key0) -> permcrypt/lock0",
            "Layer(permcrypt/lock0, w) -> h",
            "Gather(h, permcrypt/key1) -> permcrypt/lock1",
            "Layer(permcrypt/lock1, v) -> permcrypt/inner0",
            "Gather(permcrypt/inner0, permcrypt/key2) -> y",
        });
  CHECK(out.functions(0).SerializeAsString() == model.functions(0).SerializeAsString());
}

TEST_CASE("what a function reads itself has no other name") {
  onnx::ModelProto model = calls();
  model.mutable_functions(0)->set_output(0, "product");
  LockedFile file(model);
  for (const GraphValue& value : file.graph().values) CHECK(value.returned_as.empty());
}

}  // namespace
}  // namespace permcrypt
