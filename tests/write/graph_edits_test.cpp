#include "write/graph_edits.h"

#include <doctest/doctest.h>

#include "write/inserted_names.h"
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

std::int64_t axis_of(const onnx::NodeProto& node) {
  for (const auto& a : node.attribute()) {
    if (a.name() == "axis") return a.i();
  }
  return -1;
}

std::vector<std::string> inputs_of(const onnx::GraphProto& graph) {
  std::vector<std::string> out;
  for (const auto& input : graph.input()) out.push_back(input.name());
  return out;
}

TEST_CASE("an input, a cut and an output") {
  LockedFile file(chain());
  const auto out =
      file.with({file.lock(LockKind::kInput, "x", 1, 4), file.lock(LockKind::kBlock, "h", 1, 6),
                 file.lock(LockKind::kOutput, "y", 1, 5)});
  CHECK(show(out.graph()) ==
        std::vector<std::string>{
            "Split(permcrypt_key, permcrypt/sizes) -> permcrypt/key0 permcrypt/key1 permcrypt/key2",
            "Gather(x, permcrypt/key0) -> permcrypt/lock0",
            "MatMul(permcrypt/lock0, w) -> h",
            "Gather(h, permcrypt/key1) -> permcrypt/lock1",
            "Relu(permcrypt/lock1) -> r",
            "MatMul(r, v) -> permcrypt/inner0",
            "Gather(permcrypt/inner0, permcrypt/key2) -> y",
        });
  CHECK(axis_of(out.graph().node(1)) == 1);
  CHECK(inputs_of(out.graph()) == std::vector<std::string>{"x", "permcrypt_key"});
  const auto& key = out.graph().input(1).type().tensor_type();
  CHECK(key.elem_type() == onnx::TensorProto::INT32);
  CHECK(key.shape().dim(0).dim_value() == 15);
  const auto& sizes = out.graph().initializer(2);
  CHECK(sizes.name() == "permcrypt/sizes");
  CHECK(sizes.data_type() == onnx::TensorProto::INT64);
  CHECK(sizes.raw_data() == std::string("\4\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0", 24));
  CHECK(out.graph().output(0).name() == "y");
}

TEST_CASE("no lock, no change") {
  LockedFile file(chain());
  const auto edits = file.edits({});
  REQUIRE(edits);
  CHECK(edits->empty());
}

TEST_CASE("before opset 13 the sizes are an attribute") {
  LockedFile file(chain(7, 12));
  const auto out = file.with({file.lock(LockKind::kInput, "x", 1, 4)});
  CHECK(show(out.graph().node(0)) == "Split(permcrypt_key) -> permcrypt/key0");
  CHECK(out.graph().initializer_size() == 2);
  bool found = false;
  for (const auto& a : out.graph().node(0).attribute()) {
    if (a.name() == "split") found = a.ints_size() == 1 && a.ints(0) == 4;
  }
  CHECK(found);
}

TEST_CASE("two locks on one value follow each other") {
  LockedFile file(chain());
  const auto out =
      file.with({file.lock(LockKind::kInput, "x", 0, 2), file.lock(LockKind::kInput, "x", 1, 4)});
  CHECK(show(out.graph().node(1)) == "Gather(x, permcrypt/key0) -> permcrypt/lock0");
  CHECK(show(out.graph().node(2)) == "Gather(permcrypt/lock0, permcrypt/key1) -> permcrypt/lock1");
  CHECK(show(out.graph().node(3)) == "MatMul(permcrypt/lock1, w) -> h");
  CHECK(axis_of(out.graph().node(1)) == 0);
  CHECK(axis_of(out.graph().node(2)) == 1);
}

std::vector<std::int64_t> turn_of(const onnx::NodeProto& node) {
  REQUIRE(node.attribute_size() == 1);
  CHECK(node.attribute(0).name() == "perm");
  return {node.attribute(0).ints().begin(), node.attribute(0).ints().end()};
}

TEST_CASE("an innermost axis behind two others is turned to the front and back") {
  onnx::ModelProto model = chain();
  for (auto* value :
       {model.mutable_graph()->mutable_input(0), model.mutable_graph()->mutable_output(0)}) {
    auto& shape = *value->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape.add_dim()->set_dim_value(shape.dim(1).dim_value());
    shape.mutable_dim(1)->set_dim_value(3);
  }
  LockedFile file(model);
  const auto out =
      file.with({file.lock(LockKind::kInput, "x", 1, 3), file.lock(LockKind::kInput, "x", 2, 4),
                 file.lock(LockKind::kOutput, "y", 2, 5)});
  CHECK(show(out.graph()) ==
        std::vector<std::string>{
            "Split(permcrypt_key, permcrypt/sizes) -> permcrypt/key0 permcrypt/key1 permcrypt/key2",
            "Gather(x, permcrypt/key0) -> permcrypt/lock0",
            "Transpose(permcrypt/lock0) -> permcrypt/turned1",
            "Gather(permcrypt/turned1, permcrypt/key1) -> permcrypt/gathered1",
            "Transpose(permcrypt/gathered1) -> permcrypt/lock1",
            "MatMul(permcrypt/lock1, w) -> h",
            "Relu(h) -> r",
            "MatMul(r, v) -> permcrypt/inner0",
            "Transpose(permcrypt/inner0) -> permcrypt/turned2",
            "Gather(permcrypt/turned2, permcrypt/key2) -> permcrypt/gathered2",
            "Transpose(permcrypt/gathered2) -> y",
        });
  CHECK(turn_of(out.graph().node(2)) == std::vector<std::int64_t>{2, 0, 1});
  CHECK(axis_of(out.graph().node(3)) == 0);
  CHECK(turn_of(out.graph().node(4)) == std::vector<std::int64_t>{1, 2, 0});
}

TEST_CASE("a node that reads a value twice, and an output that is read inside") {
  onnx::ModelProto model = chain();
  model.mutable_graph()->mutable_node(1)->set_op_type("Add");
  model.mutable_graph()->mutable_node(1)->add_input("h");
  add_value(*model.mutable_graph()->add_output(), "h", kFloat, {2, 6});
  LockedFile file(model);
  const auto out =
      file.with({file.lock(LockKind::kOutput, "h", 1, 6), file.lock(LockKind::kBlock, "h", 1, 6)});
  const auto nodes = show(out.graph());
  CHECK(nodes[1] == "MatMul(x, w) -> permcrypt/inner1");
  CHECK(nodes[2] == "Gather(permcrypt/inner1, permcrypt/key1) -> permcrypt/lock1");
  CHECK(nodes[3] == "Add(permcrypt/lock1, permcrypt/lock1) -> r");
  CHECK(nodes[5] == "Gather(permcrypt/lock1, permcrypt/key0) -> h");
}

TEST_CASE("ids go through the key the other way round, and keep their type where it counts") {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("graph");
  add_value(*graph.add_input(), "ids", kInt64, {3, 1});
  add_node(graph, "Gather", {"table", "ids"}, {"a"});
  add_node(graph, "GatherND", {"table", "ids"}, {"b"});
  add_weight(graph, "table", {7, 4});
  add_value(*graph.add_output(), "a", kFloat, {3, 1, 4});
  add_value(*graph.add_output(), "b", kFloat, {3, 4});
  LockedFile file(model);
  const auto out =
      file.with({file.index_lock("ids", "a", 1, 7), file.index_lock("ids", "b", 1, 7)});
  CHECK(show(out.graph()) ==
        std::vector<std::string>{
            "Split(permcrypt_key, permcrypt/sizes) -> permcrypt/key0 permcrypt/key1",
            "Gather(permcrypt/key0, ids) -> permcrypt/lock0",
            "Gather(table, permcrypt/lock0) -> a",
            "Gather(permcrypt/key1, ids) -> permcrypt/uncast1",
            "Cast(permcrypt/uncast1) -> permcrypt/lock1",
            "GatherND(table, permcrypt/lock1) -> b",
        });
}

TEST_CASE("nodes out of order") {
  onnx::ModelProto model = chain();
  model.mutable_graph()->mutable_node()->SwapElements(0, 2);  // y, r, h
  LockedFile file(model);
  const auto out = file.with({file.lock(LockKind::kBlock, "r", 1, 6)});
  const auto nodes = show(out.graph());
  CHECK(nodes[1] == "Gather(r, permcrypt/key0) -> permcrypt/lock0");
  CHECK(nodes[2] == "MatMul(permcrypt/lock0, v) -> y");
  CHECK(nodes[3] == "Relu(h) -> r");
}

TEST_CASE("a model that uses the reserved names keeps them") {
  onnx::ModelProto model = chain();
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(1)->set_output(0, "permcrypt/lock0");
  graph.mutable_node(2)->set_input(0, "permcrypt/lock0");
  LockedFile file(model);
  const auto out = file.with({file.lock(LockKind::kInput, "x", 1, 4)});
  CHECK(show(out.graph().node(1)) == "Gather(x, permcrypt/key0_1) -> permcrypt/lock0_1");
  CHECK(inputs_of(out.graph()).back() == "permcrypt_key");
}

TEST_CASE("a model without an import of the default domain gets one") {
  onnx::ModelProto model = chain();
  model.mutable_opset_import(0)->set_domain("com.microsoft");
  model.mutable_opset_import(0)->set_version(1);
  for (auto& node : *model.mutable_graph()->mutable_node()) node.set_domain("com.microsoft");
  LockedFile file(model);
  const auto out = file.with({file.lock(LockKind::kInput, "x", 1, 4)});
  REQUIRE(out.opset_import_size() == 2);
  CHECK(out.opset_import(1).domain() == "");
  CHECK(out.opset_import(1).version() == 13);
}

TEST_CASE("before IR 4 initializers are inputs, and the key stays the last one") {
  LockedFile file(chain(3, 13));
  const auto out = file.with({file.lock(LockKind::kInput, "x", 1, 4)});
  CHECK(inputs_of(out.graph()) ==
        std::vector<std::string>{"x", "permcrypt/sizes", "permcrypt_key"});
  const auto decoy = file.edits({file.lock(LockKind::kInput, "x", 1, 4)}, {.decoy = true});
  REQUIRE(!decoy);
  CHECK(decoy.error().kind == ErrorKind::kState);
}

TEST_CASE("the key's input is found by what takes it, not by its name alone") {
  onnx::ModelProto model = chain();
  model.mutable_graph()->mutable_input(0)->set_name("permcrypt_key");
  model.mutable_graph()->mutable_node(0)->set_input(0, "permcrypt_key");
  CHECK(find_key_input(model.graph()) == "");
  LockedFile file(model);
  const auto out = file.with({file.lock(LockKind::kInput, "permcrypt_key", 1, 4)});
  CHECK(find_key_input(out.graph()) == "permcrypt_key_1");
}

TEST_CASE("a decoy is the identity as the key's default") {
  LockedFile file(chain());
  const auto out =
      file.with({file.lock(LockKind::kInput, "x", 1, 4), file.lock(LockKind::kOutput, "y", 1, 5)},
                {.decoy = true});
  const auto& key = out.graph().initializer(3);
  CHECK(key.name() == "permcrypt_key");
  CHECK(key.dims(0) == 9);
  std::string identity;
  for (const char i : {0, 1, 2, 3, 0, 1, 2, 3, 4}) identity += std::string{i, 0, 0, 0};
  CHECK(key.raw_data() == identity);
}

TEST_CASE("locks that the file cannot express are a defect, not a wrong model") {
  LockedFile file(chain());
  // The lock is on h, but the operand of the second MatMul is said to read it too.
  auto sites = std::vector{file.lock(LockKind::kBlock, "h", 1, 6)};
  LockedGraph locked;
  locked.graph = insert_locks(file.graph(), sites);
  locked.locks = sites;
  locked.graph.nodes[file.node("y")].inputs[0] = sites[0].behind;
  auto inference = infer(file.graph(), {});
  REQUIRE(inference);
  locked.inference = *std::move(inference);
  const auto bytes = file.graph().payloads->bytes({0, 0, file.graph().model->files[0].size});
  REQUIRE(bytes);
  MessageEdits edits(*bytes, file.graph().model->frames);
  const auto done = write_locks(locked, *bytes, {}, edits);
  REQUIRE(!done);
  CHECK(done.error().kind == ErrorKind::kDefect);
}

}  // namespace
}  // namespace permcrypt
