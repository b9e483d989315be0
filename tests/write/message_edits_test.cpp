#include "write/message_edits.h"

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "permcrypt/model.h"
#include "read/onnx_fields.h"
#include "write/locked_file.h"

namespace permcrypt {
namespace {

struct Sample {
  std::string bytes;
  Model model;
  FrameId graph = kNone;
};

// A graph whose length is one byte short of needing a second one.
Sample short_sample() {
  Sample out;
  onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.add_opset_import()->set_version(17);
  proto.mutable_graph()->set_name("graph");
  test::add_node(*proto.mutable_graph(), "Relu", {"x"}, {"y"});
  test::add_value(*proto.mutable_graph()->add_input(), "x", onnx::TensorProto::FLOAT, {4});
  test::add_value(*proto.mutable_graph()->add_output(), "y", onnx::TensorProto::FLOAT, {4});
  const std::size_t size = proto.graph().ByteSizeLong();
  REQUIRE(size < 125);
  proto.mutable_graph()->set_doc_string(std::string(127 - size - 2, 'd'));
  REQUIRE(proto.graph().ByteSizeLong() == 127);
  out.bytes = proto.SerializeAsString();
  const test::TempFolder folder;
  auto model = read_model(folder.write("model.onnx", out.bytes));
  REQUIRE(model);
  out.model = *std::move(model);
  out.graph = frame_of(out.model.structure.graph());
  return out;
}

onnx::ModelProto parsed(const Sample& sample, MessageEdits& edits) {
  onnx::ModelProto out;
  REQUIRE(out.ParseFromString(test::apply_edits(sample.bytes, edits.finish())));
  return out;
}

std::string relu(const std::string& output) {
  onnx::NodeProto node;
  node.set_op_type("Relu");
  node.add_output(output);
  std::string bytes;
  wire::append_bytes(bytes, onnx_field::graph::kNode, node.SerializeAsString());
  return bytes;
}

TEST_CASE("a longer length takes more bytes, which lengthens what is around it") {
  Sample sample = short_sample();
  MessageEdits edits(sample.bytes, sample.model.frames);
  const auto names =
      find_fields(sample.model, sample.bytes, frame_of(sample.model.structure.graph().node(0)),
                  onnx_field::node::kOutput);
  REQUIRE(names);
  edits.replace_content(names->at(0), std::string(300, 'y'));
  const onnx::ModelProto out = parsed(sample, edits);
  CHECK(out.graph().node(0).output(0) == std::string(300, 'y'));
  CHECK(out.graph().doc_string() == std::string(out.graph().doc_string().size(), 'd'));
  CHECK(out.opset_import(0).version() == 17);
}

TEST_CASE("what is inserted in one place stays in the order of the calls") {
  Sample sample = short_sample();
  MessageEdits edits(sample.bytes, sample.model.frames);
  const auto nodes =
      find_fields(sample.model, sample.bytes, sample.graph, onnx_field::graph::kNode);
  REQUIRE(nodes);
  edits.insert(sample.graph, nodes->at(0).tag, relu("a"));
  edits.insert(sample.graph, nodes->at(0).tag, relu("b"));
  edits.append(sample.graph, relu("c"));
  const onnx::ModelProto out = parsed(sample, edits);
  REQUIRE(out.graph().node_size() == 4);
  CHECK(out.graph().node(0).output(0) == "a");
  CHECK(out.graph().node(1).output(0) == "b");
  CHECK(out.graph().node(2).output(0) == "y");
  CHECK(out.graph().node(3).output(0) == "c");
}

TEST_CASE("the end of an inner message comes before what follows it outside") {
  Sample sample = short_sample();
  MessageEdits edits(sample.bytes, sample.model.frames);
  const auto nodes =
      find_fields(sample.model, sample.bytes, sample.graph, onnx_field::graph::kNode);
  REQUIRE(nodes);
  std::string input;
  wire::append_bytes(input, onnx_field::node::kInput, "more");
  edits.insert(sample.graph, nodes->at(0).frame.end, relu("next"));
  edits.append(frame_of(sample.model.structure.graph().node(0)), input);
  const onnx::ModelProto out = parsed(sample, edits);
  REQUIRE(out.graph().node_size() == 2);
  CHECK(test::show(out.graph().node(0)) == "Relu(x, more) -> y");
  CHECK(out.graph().node(1).output(0) == "next");
}

TEST_CASE("edits are sorted, apart, and name what they replace") {
  Sample sample = short_sample();
  MessageEdits edits(sample.bytes, sample.model.frames);
  const auto inputs =
      find_fields(sample.model, sample.bytes, sample.graph, onnx_field::graph::kInput);
  REQUIRE(inputs);
  edits.append(sample.graph, relu("z"));
  edits.remove(inputs->at(0));
  edits.append(kNone, "");
  const std::vector<Edit> made = edits.finish();
  REQUIRE(made.size() >= 2);
  for (std::size_t i = 0; i < made.size(); ++i) {
    CHECK(sample.bytes.substr(made[i].offset, made[i].original.size()) == made[i].original);
    if (i > 0) CHECK(made[i - 1].offset + made[i - 1].original.size() < made[i].offset);
  }
  onnx::ModelProto out;
  REQUIRE(out.ParseFromString(test::apply_edits(sample.bytes, made)));
  CHECK(out.graph().input_size() == 0);
}

}  // namespace
}  // namespace permcrypt
