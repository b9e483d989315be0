// The walk against protobuf's own parse of the same file.
#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/sample_models.h"

using namespace permcrypt;
using test::sample_model;
using test::TempFolder;

namespace {

// Everything in a model that the walk treats in a special way, in file order.
struct Visitor {
  std::function<void(onnx::TensorProto&)> tensor = [](auto&) {};
  std::function<void(onnx::GraphProto&)> graph = [](auto&) {};
  std::function<void(onnx::NodeProto&)> node = [](auto&) {};
  std::function<void(onnx::FunctionProto&)> function = [](auto&) {};
  std::function<void(onnx::ValueInfoProto&)> value = [](auto&) {};
};

void visit(onnx::GraphProto& graph, const Visitor& visitor);

void visit(onnx::NodeProto& node, const Visitor& visitor) {
  for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.has_t()) visitor.tensor(*attribute.mutable_t());
    if (attribute.has_g()) visit(*attribute.mutable_g(), visitor);
    for (auto& tensor : *attribute.mutable_tensors()) visitor.tensor(tensor);
    for (auto& graph : *attribute.mutable_graphs()) visit(graph, visitor);
  }
  visitor.node(node);
}

void visit(onnx::GraphProto& graph, const Visitor& visitor) {
  for (auto& node : *graph.mutable_node()) visit(node, visitor);
  for (auto& tensor : *graph.mutable_initializer()) visitor.tensor(tensor);
  for (auto& value : *graph.mutable_input()) visitor.value(value);
  for (auto& value : *graph.mutable_output()) visitor.value(value);
  for (auto& value : *graph.mutable_value_info()) visitor.value(value);
  for (auto& sparse : *graph.mutable_sparse_initializer()) {
    visitor.tensor(*sparse.mutable_values());
    visitor.tensor(*sparse.mutable_indices());
  }
  visitor.graph(graph);
}

void visit(onnx::ModelProto& model, const Visitor& visitor) {
  visit(*model.mutable_graph(), visitor);
  for (auto& function : *model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) visit(node, visitor);
    visitor.function(function);
  }
}

// Removes what read_model documents to leave out or replace. Fields that are newer than the
// installed ONNX library are unknown fields, and metadata_props among them is dropped too.
void strip(onnx::ModelProto& model) {
  Visitor visitor;
  visitor.tensor = [](onnx::TensorProto& tensor) {
    tensor.clear_raw_data();
    tensor.clear_float_data();
    tensor.clear_int32_data();
    tensor.clear_string_data();
    tensor.clear_int64_data();
    tensor.clear_double_data();
    tensor.clear_uint64_data();
    tensor.clear_external_data();
    tensor.clear_data_location();
    tensor.DiscardUnknownFields();
  };
  visitor.graph = [](onnx::GraphProto& graph) {
    graph.clear_doc_string();
    graph.DiscardUnknownFields();
  };
  visitor.node = [](onnx::NodeProto& node) {
    node.clear_doc_string();
    node.DiscardUnknownFields();
  };
  visitor.function = [](onnx::FunctionProto& function) {
    function.clear_doc_string();
    function.DiscardUnknownFields();
  };
  visitor.value = [](onnx::ValueInfoProto& value) { value.DiscardUnknownFields(); };
  visit(model, visitor);
}

onnx::ModelProto parse(std::string_view bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return model;
}

// Packs what protobuf read from a typed field, to compare elements whatever their encoding.
std::string packed_elements(const onnx::TensorProto& tensor) {
  std::string packed = tensor.raw_data();
  const auto append = [&packed](const auto& values, std::size_t width) {
    for (auto value : values) packed.append(reinterpret_cast<const char*>(&value), width);
  };
  const auto width = static_cast<std::size_t>(element_bits(tensor.data_type())) / 8;
  append(tensor.float_data(), sizeof(float));
  append(tensor.double_data(), sizeof(double));
  append(tensor.int32_data(), width);
  append(tensor.int64_data(), width);
  append(tensor.uint64_data(), width);
  return packed;
}

std::string packed_elements(PayloadReader& reader, const Tensor& tensor, TensorId id) {
  if (tensor.encoding == Encoding::kFixed) return std::string(*reader.bytes(*tensor.payload));
  std::string packed;
  const auto values = reader.integers(id, 1u << 20);
  REQUIRE(values);
  const auto width = static_cast<std::size_t>(element_bits(tensor.type)) / 8;
  for (std::int64_t value : *values) packed.append(reinterpret_cast<const char*>(&value), width);
  return packed;
}

}  // namespace

TEST_CASE("the structure is what protobuf reads, less the payloads") {
  for (const std::string& name : test::kSampleModels) {
    CAPTURE(name);
    auto model = read_model(sample_model(name));
    REQUIRE(model);
    onnx::ModelProto original = parse(test::read_all(sample_model(name)));
    strip(original);
    strip(model->structure);
    CHECK(model->structure.SerializeAsString() == original.SerializeAsString());
  }
}

TEST_CASE("tensor ids lead to the payloads that protobuf reads") {
  for (const std::string& name : test::kSampleModels) {
    CAPTURE(name);
    auto model = read_model(sample_model(name));
    REQUIRE(model);
    onnx::ModelProto original = parse(test::read_all(sample_model(name)));
    std::vector<TensorId> ids;
    visit(model->structure, {.tensor = [&](auto& tensor) { ids.push_back(tensor_id(tensor)); }});
    CHECK(std::set(ids.begin(), ids.end()).size() == model->tensors.size());

    PayloadReader reader(*model);
    std::size_t next = 0;
    visit(original, {.tensor = [&](onnx::TensorProto& expected) {
            REQUIRE(next < ids.size());
            const TensorId id = ids[next++];
            REQUIRE(id < model->tensors.size());
            const Tensor& tensor = model->tensors[id];
            CHECK(tensor.type == expected.data_type());
            CHECK(std::equal(tensor.shape.begin(), tensor.shape.end(), expected.dims().begin(),
                             expected.dims().end()));
            CHECK(tensor.external == (expected.data_location() == onnx::TensorProto::EXTERNAL));
            if (tensor.external || !tensor.payload) return;
            CHECK(packed_elements(reader, tensor, id) == packed_elements(expected));
          }});
    CHECK(next == model->tensors.size());
  }
}

TEST_CASE("frames enclose the messages they stand for") {
  for (const std::string& name : test::kSampleModels) {
    CAPTURE(name);
    const std::string file = test::read_all(sample_model(name));
    auto model = read_model(sample_model(name));
    REQUIRE(model);
    for (const Frame& frame : model->frames) {
      REQUIRE(frame.begin <= frame.end);
      CHECK(frame.length_offset + frame.length_size == frame.begin);
      if (frame.parent == kNone) continue;
      REQUIRE(frame.parent < model->frames.size());
      CHECK(model->frames[frame.parent].begin < frame.length_offset);
      CHECK(frame.end <= model->frames[frame.parent].end);
    }
    visit(model->structure,
          {.graph =
               [&](onnx::GraphProto& graph) {
                 const Frame& frame = model->frames.at(frame_of(graph));
                 onnx::GraphProto parsed;
                 CHECK(parsed.ParseFromString(file.substr(frame.begin, frame.end - frame.begin)));
                 CHECK(parsed.name() == graph.name());
                 CHECK(parsed.node_size() == graph.node_size());
               },
           .node =
               [&](onnx::NodeProto& node) {
                 const Frame& frame = model->frames.at(frame_of(node));
                 onnx::NodeProto parsed;
                 CHECK(parsed.ParseFromString(file.substr(frame.begin, frame.end - frame.begin)));
                 CHECK(parsed.output_size() == node.output_size());
                 CHECK(std::equal(parsed.output().begin(), parsed.output().end(),
                                  node.output().begin()));
               },
           .function =
               [&](onnx::FunctionProto& function) {
                 const Frame& frame = model->frames.at(frame_of(function));
                 onnx::FunctionProto parsed;
                 CHECK(parsed.ParseFromString(file.substr(frame.begin, frame.end - frame.begin)));
                 CHECK(parsed.name() == function.name());
               }});
    for (const Tensor& tensor : model->tensors) {
      const Frame& frame = model->frames.at(tensor.frame);
      if (!tensor.payload || tensor.external) continue;
      CHECK(tensor.payload->offset >= frame.begin);
      CHECK(tensor.payload->offset + tensor.payload->length <= frame.end);
    }
  }
}

TEST_CASE("scope and name tell all named tensors apart") {
  for (const std::string& name : test::kSampleModels) {
    CAPTURE(name);
    const auto model = read_model(sample_model(name));
    REQUIRE(model);
    std::set<std::string> names;
    for (const Tensor& tensor : model->tensors)
      CHECK(names.insert(tensor.scope + tensor.name).second);
  }
}

TEST_CASE("tensors are named after where they are") {
  TempFolder folder;
  onnx::ModelProto model = test::empty_model();
  const auto scalar = [](onnx::TensorProto& tensor) {
    tensor.set_name("inner");
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_float_data(1);
  };
  const auto attribute = [](onnx::NodeProto& node, const char* name) -> onnx::AttributeProto& {
    onnx::AttributeProto& added = *node.add_attribute();
    added.set_name(name);
    return added;
  };
  onnx::NodeProto& constant = *model.mutable_graph()->add_node();
  constant.set_op_type("Constant");
  constant.add_output("c");
  scalar(*attribute(constant, "value").mutable_t());
  onnx::NodeProto& loop = *model.mutable_graph()->add_node();
  loop.set_op_type("Custom");
  loop.add_output("");
  loop.add_output("y");
  scalar(*attribute(loop, "list").add_tensors());
  scalar(*attribute(loop, "body").mutable_g()->add_initializer());
  onnx::FunctionProto& function = *model.add_functions();
  function.set_domain("dom");
  function.set_name("fun");
  *function.add_node() = loop;
  scalar(*model.mutable_graph()->add_initializer());

  const auto read = read_model(folder.write("m.onnx", model.SerializeAsString()));
  REQUIRE(read);
  std::vector<std::string> names;
  for (const Tensor& tensor : read->tensors) names.push_back(tensor.scope + tensor.name);
  CHECK(names == std::vector<std::string>{"c", "y.list[0]", "y.body/inner", "inner",
                                          "dom:fun/y.list[0]", "dom:fun/y.body/inner"});
}

TEST_CASE("inner metadata is dropped, unknown fields and the model's metadata are kept") {
  TempFolder folder;
  onnx::ModelProto model = test::empty_model();
  onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type("Relu");
  node.set_doc_string("replaced");
  onnx::StringStringEntryProto& property = *model.add_metadata_props();
  property.set_key("key");
  constexpr int kMetadataProps = 9, kFromTheFuture = 99;
  node.mutable_unknown_fields()->AddLengthDelimited(kMetadataProps, property.SerializeAsString());
  node.mutable_unknown_fields()->AddVarint(kFromTheFuture, 7);

  const auto read = read_model(folder.write("m.onnx", model.SerializeAsString()));
  REQUIRE(read);
  CHECK(read->structure.metadata_props(0).key() == "key");
  const auto& unknown = read->structure.graph().node(0).unknown_fields();
  REQUIRE(unknown.field_count() == 1);
  CHECK(unknown.field(0).number() == kFromTheFuture);
  CHECK(unknown.field(0).varint() == 7);
}

TEST_CASE("a folder stands for the model.onnx in it") {
  TempFolder folder;
  const auto none = read_model(folder.path());
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == ErrorKind::kInput);
  const auto path = folder.write("model.onnx", test::empty_model().SerializeAsString());
  const auto model = read_model(folder.path());
  REQUIRE(model);
  CHECK(model->files.front().path == path);
}
