// Files that are no models, or not any more.
#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/sample_models.h"
#include "read/wire.h"

using namespace permcrypt;
using namespace std::literals;
using test::TempFolder;

namespace {

Result<Model> read_bytes(const TempFolder& folder, std::string_view bytes) {
  return read_model(folder.write("m.onnx", bytes));
}

void check_refused(const Result<Model>& model) {
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::kInput);
  CHECK(model.error().message.find("m.onnx") != std::string::npos);
  CHECK(model.error().message.find('\n') == std::string::npos);
  CHECK_FALSE(model.error().hint.empty());
}

// A graph inside `levels` If branches.
onnx::ModelProto nested_model(int levels) {
  onnx::ModelProto model = test::empty_model();
  onnx::GraphProto* graph = model.mutable_graph();
  for (int i = 0; i < levels; ++i) {
    onnx::AttributeProto* attribute = graph->add_node()->add_attribute();
    attribute->set_name("then_branch");
    graph = attribute->mutable_g();
  }
  return model;
}

}  // namespace

TEST_CASE("a model cut off at any byte is refused") {
  TempFolder folder;
  onnx::ModelProto proto;
  REQUIRE(proto.ParseFromString(test::read_all(test::sample_model("sklearn-scaler-logreg"))));
  // The imports come last. Cut off before one that no node uses, the model would be whole again.
  proto.clear_opset_import();
  proto.add_opset_import()->set_domain("ai.onnx.ml");
  const std::string whole = proto.SerializeAsString();
  REQUIRE(read_bytes(folder, whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    check_refused(read_bytes(folder, whole.substr(0, size)));
  }
}

TEST_CASE("a larger model with payloads cut off anywhere is refused") {
  TempFolder folder;
  const std::string whole = test::read_all(test::sample_model("bert-typed-data-fields"));
  for (std::size_t size = 0; size + 64 < whole.size(); size += 997) {
    CAPTURE(size);
    check_refused(read_bytes(folder, whole.substr(0, size)));
  }
}

TEST_CASE("any single changed byte is read or refused, but never fatal") {
  TempFolder folder;
  const std::string whole = test::read_all(test::sample_model("sklearn-scaler-logreg"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    constexpr char kChanges[] = {'\x01', '\x80', '\xff'};
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ kChanges[at % 3]);
    CAPTURE(at);
    const auto model = read_bytes(folder, bytes);
    if (!model) CHECK(model.error().kind == ErrorKind::kInput);
  }
}

TEST_CASE("text, noise and nothing are no models") {
  TempFolder folder;
  check_refused(read_bytes(folder, ""));
  check_refused(read_bytes(folder, "import onnx\n\nmodel = onnx.load('model.onnx')\n"));
  check_refused(read_bytes(folder, "{\"version\": 1}"));
  check_refused(read_bytes(folder, std::string(1000, '\0')));
  check_refused(read_bytes(folder, "PK\x03\x04"));
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string noise(random() % 200, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    check_refused(read_bytes(folder, noise));
  }
}

TEST_CASE("a model has a graph, an IR version and operator sets") {
  TempFolder folder;
  REQUIRE(read_bytes(folder, test::empty_model().SerializeAsString()));
  onnx::ModelProto model = test::empty_model();
  model.clear_graph();
  check_refused(read_bytes(folder, model.SerializeAsString()));
  model = test::empty_model();
  model.clear_ir_version();
  check_refused(read_bytes(folder, model.SerializeAsString()));
  model = test::empty_model();
  model.clear_opset_import();
  check_refused(read_bytes(folder, model.SerializeAsString()));
  model.set_ir_version(2);  // from before there were imports
  CHECK(read_bytes(folder, model.SerializeAsString()));
}

TEST_CASE("a model file of 2 GiB is refused, with external data as the way out") {
  TempFolder folder;
  const auto path = folder.write("m.onnx", test::empty_model().SerializeAsString());
  std::filesystem::resize_file(path, std::uintmax_t{1} << 31);  // sparse: takes no space
  const auto model = read_model(path);
  check_refused(model);
  CHECK(model.error().hint.find("external data") != std::string::npos);
}

TEST_CASE("nodes use imported domains only, also in subgraphs") {
  TempFolder folder;
  onnx::ModelProto model = nested_model(2);
  onnx::NodeProto* node = model.mutable_graph()->mutable_node(0);
  node->set_domain("ai.onnx");  // the default domain's other name
  CHECK(read_bytes(folder, model.SerializeAsString()));
  node = node->mutable_attribute(0)->mutable_g()->mutable_node(0);
  node->set_domain("somewhere.else");
  check_refused(read_bytes(folder, model.SerializeAsString()));
  model.add_opset_import()->set_domain("somewhere.else");
  CHECK(read_bytes(folder, model.SerializeAsString()));
}

TEST_CASE("nesting is bounded") {
  TempFolder folder;
  // Model and graph, then three messages for each level.
  CHECK(read_bytes(folder, nested_model(20).SerializeAsString()));
  check_refused(read_bytes(folder, nested_model(21).SerializeAsString()));
  check_refused(read_bytes(folder, nested_model(30).SerializeAsString()));

  // Far beyond what protobuf itself would write: a graph in a graph, 100,000 levels deep, in which
  // each length is right.
  std::string bytes;
  for (int i = 0; i < 30000; ++i) {
    std::string attribute, node;
    wire::append_bytes(attribute, 6, bytes);
    wire::append_bytes(node, 5, attribute);
    bytes.clear();
    wire::append_bytes(bytes, 1, node);
  }
  std::string model;
  wire::append_bytes(model, 7, bytes);
  check_refused(read_bytes(folder, model));
}

TEST_CASE("lengths beyond the enclosing message are refused even when the file is long enough") {
  TempFolder folder;
  // graph { node: 100 bytes } of which the graph has only three.
  std::string bytes = "\x08\x08\x3a\x03\x0a\x64x"s;
  bytes += std::string(200, '\0');
  check_refused(read_bytes(folder, bytes));
  check_refused(read_bytes(folder, "\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv));
}

TEST_CASE("parts that can occur once are not merged, as protobuf would") {
  TempFolder folder;
  const std::string model = test::empty_model().SerializeAsString();
  check_refused(read_bytes(folder, model + model));
}
