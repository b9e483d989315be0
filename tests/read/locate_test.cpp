#include "read/locate.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/sample_models.h"

using namespace permcrypt;
using test::TempFolder;

namespace {

std::string content(const std::string& file, const FieldSpan& span) {
  return file.substr(span.frame.begin, span.frame.end - span.frame.begin);
}

// What the writer does: replaces [begin, end), which lies directly inside `parent`, and corrects
// every length around it, outermost last so that offsets stay good.
std::string splice(const Model& model, std::string file, const Frame* around, std::uint64_t begin,
                   std::uint64_t end, const std::string& bytes) {
  std::int64_t grown =
      static_cast<std::int64_t>(bytes.size()) - static_cast<std::int64_t>(end - begin);
  file.replace(begin, end - begin, bytes);
  while (around != nullptr) {
    std::string length;
    wire::append_varint(length, around->end - around->begin + static_cast<std::uint64_t>(grown));
    file.replace(around->length_offset, around->length_size, length);
    grown += static_cast<std::int64_t>(length.size()) - around->length_size;
    around = around->parent == kNone ? nullptr : &model.frames[around->parent];
  }
  return file;
}

struct Sample {
  explicit Sample(const std::string& name)
      : file(test::read_all(test::sample_model(name))),
        model(*read_model(test::sample_model(name))) {
    REQUIRE(proto.ParseFromString(file));
  }
  std::vector<FieldSpan> find(FrameId parent, onnx_field::Number number) const {
    auto found = find_fields(model, file, parent, number);
    REQUIRE(found);
    return *found;
  }
  std::string file;
  Model model;
  onnx::ModelProto proto;
};

}  // namespace

TEST_CASE("names of node inputs and outputs are found, also inside subgraphs") {
  const Sample sample("gpt2-decoder-merged");
  const auto check = [&](const onnx::GraphProto& graph) {
    for (const onnx::NodeProto& node : graph.node()) {
      const auto inputs = sample.find(frame_of(node), onnx_field::node::kInput);
      const auto outputs = sample.find(frame_of(node), onnx_field::node::kOutput);
      REQUIRE(inputs.size() == static_cast<std::size_t>(node.input_size()));
      REQUIRE(outputs.size() == static_cast<std::size_t>(node.output_size()));
      for (int k = 0; k < node.input_size(); ++k) {
        CHECK(content(sample.file, inputs[k]) == node.input(k));
      }
      for (int k = 0; k < node.output_size(); ++k) {
        CHECK(content(sample.file, outputs[k]) == node.output(k));
      }
    }
  };
  const onnx::GraphProto& graph = sample.model.structure.graph();
  check(graph);
  int branches = 0;
  for (const onnx::NodeProto& node : graph.node()) {
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) check(attribute.g()), ++branches;
    }
  }
  CHECK(branches > 0);
}

TEST_CASE("entries of graph and model are found in order") {
  const Sample sample("gpt2-ir3-initializers-as-inputs");
  const onnx::GraphProto& graph = sample.proto.graph();
  const FrameId frame = frame_of(sample.model.structure.graph());
  const auto check = [&](const std::vector<FieldSpan>& found, const auto& expected) {
    REQUIRE(found.size() == static_cast<std::size_t>(expected.size()));
    for (std::size_t k = 0; k < found.size(); ++k) {
      CHECK(content(sample.file, found[k]) == expected[static_cast<int>(k)].SerializeAsString());
      CHECK(found[k].tag < found[k].frame.length_offset);
      CHECK((k == 0 || found[k - 1].frame.end <= found[k].tag));
    }
  };
  check(sample.find(frame, onnx_field::graph::kNode), graph.node());
  check(sample.find(frame, onnx_field::graph::kInput), graph.input());
  check(sample.find(frame, onnx_field::graph::kOutput), graph.output());
  check(sample.find(frame, onnx_field::graph::kInitializer), graph.initializer());
  check(sample.find(kNone, onnx_field::model::kOpsetImport), sample.proto.opset_import());
  check(sample.find(kNone, onnx_field::model::kMetadata), sample.proto.metadata_props());
}

TEST_CASE("a replaced name in a subgraph, with lengths corrected, is the same model renamed") {
  const Sample sample("gpt2-decoder-merged");
  onnx::ModelProto expected = sample.proto;
  for (int n = 0; n < expected.graph().node_size(); ++n) {
    for (int a = 0; a < expected.graph().node(n).attribute_size(); ++a) {
      if (!expected.graph().node(n).attribute(a).has_g()) continue;
      const onnx::GraphProto& skeleton = sample.model.structure.graph().node(n).attribute(a).g();
      const int last = skeleton.node_size() - 1;
      const auto inputs = sample.find(frame_of(skeleton.node(last)), onnx_field::node::kInput);
      const std::string name(300, 'x');  // long enough for lengths to take one more byte
      const std::string file = splice(sample.model, sample.file, &inputs[0].frame,
                                      inputs[0].frame.begin, inputs[0].frame.end, name);
      onnx::ModelProto renamed = expected;
      renamed.mutable_graph()
          ->mutable_node(n)
          ->mutable_attribute(a)
          ->mutable_g()
          ->mutable_node(last)
          ->set_input(0, name);
      CHECK(file == renamed.SerializeAsString());
      return;
    }
  }
  FAIL("no subgraph");
}

TEST_CASE("an inserted node, with lengths corrected, is the same model with one node more") {
  const Sample sample("bert-weights-as-constants");
  const auto nodes =
      sample.find(frame_of(sample.model.structure.graph()), onnx_field::graph::kNode);
  onnx::NodeProto node;
  node.set_op_type("Identity");
  node.add_input("x");
  std::string bytes;
  wire::append_bytes(bytes, onnx_field::graph::kNode, node.SerializeAsString());
  const std::string file =
      splice(sample.model, sample.file, &sample.model.frames[nodes[3].frame.parent], nodes[3].tag,
             nodes[3].tag, bytes);
  onnx::ModelProto patched;
  REQUIRE(patched.ParseFromString(file));
  CHECK(patched.graph().node_size() == sample.proto.graph().node_size() + 1);
  CHECK(patched.graph().node(3).SerializeAsString() == node.SerializeAsString());
  CHECK(patched.graph().node(4).SerializeAsString() ==
        sample.proto.graph().node(3).SerializeAsString());
  CHECK(patched.graph().initializer_size() == sample.proto.graph().initializer_size());
}

TEST_CASE("a file that is shorter or other than the one read is an error") {
  const Sample sample("bert-weights-as-constants");
  const FrameId frame = frame_of(sample.model.structure.graph());
  const auto shorter = find_fields(sample.model, sample.file.substr(0, 1000), frame, 1);
  REQUIRE_FALSE(shorter);
  CHECK(shorter.error().kind == ErrorKind::kInput);
  CHECK_FALSE(find_fields(sample.model, std::string(sample.file.size(), '\xff'), frame, 1));
}
