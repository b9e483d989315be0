// Encrypted models that were trained, cast or re-saved: decrypt --changed-weights.
#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <map>

#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

using Tensors = std::map<std::string, onnx::TensorProto>;

onnx::ModelProto parse(const std::string& bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

Tensors initializers(const onnx::ModelProto& model) {
  Tensors out;
  for (const auto& tensor : model.graph().initializer()) out[tensor.name()] = tensor;
  return out;
}

// Saves the encrypted model as another program would, with `change` made.
void resave(const EncryptedSample& sample, const std::function<void(onnx::ModelProto&)>& change) {
  onnx::ModelProto model = parse(sample.bytes());
  change(model);
  sample.put(model.SerializeAsString());
}

void each_float(onnx::TensorProto& tensor, const std::function<float(float)>& change) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT) return;
  std::string& bytes = *tensor.mutable_raw_data();
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    float value;
    std::memcpy(&value, bytes.data() + at, 4);
    value = change(value);
    std::memcpy(bytes.data() + at, &value, 4);
  }
}

void scale(onnx::TensorProto& tensor) {
  each_float(tensor, [](float value) { return 2 * value; });
}

void cast_to_half(onnx::TensorProto& tensor) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT) return;
  std::string halves;
  each_float(tensor, [&](float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value * 0x1p-112f);
    halves.push_back(static_cast<char>(bits >> 13));
    halves.push_back(static_cast<char>((bits >> 21 & 0x7f) | (bits >> 24 & 0x80)));
    return value;
  });
  tensor.set_raw_data(halves);
  tensor.set_data_type(onnx::TensorProto::FLOAT16);
}

onnx::ModelProto decrypted(const EncryptedSample& sample) {
  const auto done = sample.decrypted(true);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  CHECK(done->changed);
  CHECK(done->recorded);
  return parse(read_all(done->files[0]));
}

// The same but for the order of fields: what is left is the original.
void check_same(
    onnx::ModelProto plain, onnx::ModelProto original,
    const std::function<void(onnx::TensorProto&)>& change = [](auto&) {}) {
  for (auto& tensor : *original.mutable_graph()->mutable_initializer()) change(tensor);
  const auto wanted = initializers(original);
  auto found = initializers(plain);
  CHECK(found.size() == wanted.size());
  for (const auto& [name, tensor] : wanted) {
    CHECK_MESSAGE(found[name].SerializeAsString() == tensor.SerializeAsString(), name);
  }
  for (auto* model : {&plain, &original}) model->mutable_graph()->clear_initializer();
  CHECK(plain.SerializeAsString() == original.SerializeAsString());
}

onnx::ModelProto original_of(const EncryptedSample& sample) {
  return parse(read_all(sample.original()));
}

TEST_CASE("changed weights: re-saved, with initializers in another order") {
  for (const std::string name : {"mlp-dynamo", "bert-weights-as-constants", "llama-fp16",
                                 "gpt2-decoder-merged", "gpt2-ir3-initializers-as-inputs"}) {
    CAPTURE(name);
    EncryptRequest request;
    request.locks.internal = Internal::kAll;
    const EncryptedSample sample(name, request);
    resave(sample, [](onnx::ModelProto& model) {
      auto& list = *model.mutable_graph()->mutable_initializer();
      std::reverse(list.begin(), list.end());
    });
    CHECK(sample.decrypted(false).error().kind == ErrorKind::kResult);
    check_same(decrypted(sample), original_of(sample));
  }
}

TEST_CASE("changed weights: trained") {
  const EncryptedSample sample("mlp-dynamo");
  resave(sample, [](onnx::ModelProto& model) {
    for (auto& tensor : *model.mutable_graph()->mutable_initializer()) scale(tensor);
  });
  check_same(decrypted(sample), original_of(sample), scale);
}

TEST_CASE("changed weights: copies of one matrix drift apart") {
  // The head is the transposed embedding in this export: both move, and are told apart by name.
  const EncryptedSample sample("bert-weights-as-constants");
  const auto original = original_of(sample);
  int changed = 0;
  resave(sample, [&](onnx::ModelProto& model) {
    for (auto& node : *model.mutable_graph()->mutable_node()) {
      if (node.op_type() != "Constant" || changed > 0) continue;
      auto& tensor = *node.mutable_attribute(0)->mutable_t();
      if (tensor.raw_data().size() < 1000) continue;
      scale(tensor);
      ++changed;
    }
  });
  REQUIRE(changed == 1);
  const auto plain = decrypted(sample);
  int differ = 0;
  REQUIRE(plain.graph().node_size() == original.graph().node_size());
  for (int n = 0; n < plain.graph().node_size(); ++n) {
    differ +=
        plain.graph().node(n).SerializeAsString() != original.graph().node(n).SerializeAsString();
  }
  CHECK(differ == 1);
}

TEST_CASE("changed weights: cast to half precision, with Casts at the borders") {
  const EncryptedSample sample("mlp-dynamo");
  resave(sample, [](onnx::ModelProto& model) {
    onnx::GraphProto& graph = *model.mutable_graph();
    for (auto& tensor : *graph.mutable_initializer()) cast_to_half(tensor);
    // What converters do at an input whose type stays.
    const std::string input = graph.input(0).name(), inner = "input_cast";
    for (auto& node : *graph.mutable_node()) {
      for (auto& name : *node.mutable_input()) {
        if (name == input) name = inner;
      }
    }
    onnx::NodeProto& cast = *graph.add_node();
    cast.set_op_type("Cast");
    cast.add_input(input);
    cast.add_output(inner);
    auto& to = *cast.add_attribute();
    to.set_name("to");
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(onnx::TensorProto::FLOAT16);
  });
  const auto plain = initializers(decrypted(sample));
  for (auto [name, tensor] : initializers(original_of(sample))) {
    cast_to_half(tensor);
    CHECK_MESSAGE(plain.at(name).raw_data() == tensor.raw_data(), name);
  }
}

void move_out(onnx::TensorProto& tensor, std::string& file) {
  const auto add = [&](const char* key, const std::string& value) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", "model.enc.onnx.data");
  add("offset", std::to_string(file.size()));
  add("length", std::to_string(tensor.raw_data().size()));
  file += tensor.raw_data();
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
}

TEST_CASE("changed weights: payloads move out of the file, and into it") {
  const EncryptedSample sample("mlp-dynamo");
  std::string data;
  resave(sample, [&](onnx::ModelProto& model) {
    for (auto& tensor : *model.mutable_graph()->mutable_initializer()) {
      if (tensor.raw_data().size() > 64) move_out(tensor, data);
    }
  });
  sample.put(data, 1);
  const auto done = sample.decrypted(true);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  REQUIRE(done->files.size() == 2);
  const std::string found = read_all(done->files[1]);
  for (const auto& [name, tensor] : initializers(original_of(sample))) {
    if (tensor.raw_data().size() <= 64) continue;
    CHECK_MESSAGE(found.find(tensor.raw_data()) != found.npos, name);
  }

  // In: what lay in a data file is in the model now.
  const EncryptedSample external("matmul-external");
  const std::string moved = external.bytes(1);
  resave(external, [&](onnx::ModelProto& model) {
    for (auto& tensor : *model.mutable_graph()->mutable_initializer()) {
      if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
      std::map<std::string, std::string> entries;
      for (const auto& entry : tensor.external_data()) entries[entry.key()] = entry.value();
      std::size_t offset = 0, length = moved.size();
      if (entries.contains("offset")) offset = std::stoul(entries["offset"]);
      if (entries.contains("length")) length = std::stoul(entries["length"]);
      tensor.set_raw_data(moved.substr(offset, length));
      tensor.clear_external_data();
      tensor.clear_data_location();
    }
  });
  const auto plain = decrypted(external);
  const std::string data_before = read_all(external.original().parent_path() / "weights.bin");
  for (const auto& tensor : plain.graph().initializer()) {
    if (tensor.raw_data().size() < 16) continue;
    CHECK_MESSAGE(data_before.find(tensor.raw_data()) != data_before.npos, tensor.name());
  }
}

// Exit code 1, a message with `part` in it, and nothing written.
void check_refused(const EncryptedSample& sample, const std::string& part) {
  CAPTURE(part);
  const auto done = sample.decrypted(true);
  REQUIRE_FALSE(done.has_value());
  CHECK_MESSAGE(done.error().kind == ErrorKind::kResult, done.error().message);
  CHECK_MESSAGE(done.error().message.find(part) != std::string::npos, done.error().message);
  CHECK(std::filesystem::is_empty(sample.folder() / "back"));
}

onnx::NodeProto& first(onnx::GraphProto& graph, const std::string& op) {
  for (auto& node : *graph.mutable_node()) {
    if (node.op_type() == op) return node;
  }
  FAIL("no " << op);
  return *graph.mutable_node(0);
}

TEST_CASE("changed weights: the rest of the graph may not change, and is named") {
  const EncryptedSample sample("mlp-dynamo");
  const auto changed = [&](const std::string& part,
                           const std::function<void(onnx::GraphProto&)>& change) {
    resave(sample, [&](onnx::ModelProto& model) { change(*model.mutable_graph()); });
    check_refused(sample, part);
  };
  std::string name;
  for (const auto& [key, tensor] : initializers(original_of(sample))) {
    if (tensor.dims_size() == 2) name = key;
  }
  changed("cannot be matched: '" + name + "'", [&](auto& graph) {
    for (auto& tensor : *graph.mutable_initializer()) {
      if (tensor.name() == name) tensor.set_name("other");
    }
    for (auto& node : *graph.mutable_node()) {
      for (auto& input : *node.mutable_input()) {
        if (input == name) input = "other";
      }
    }
  });
  changed("cannot be matched: '" + name + "'", [&](auto& graph) {
    for (auto& tensor : *graph.mutable_initializer()) {
      if (tensor.name() == name) tensor.mutable_dims()->SwapElements(0, 1);
    }
  });
  changed("(Gemm)", [](auto& graph) {
    auto& attribute = *first(graph, "Gemm").add_attribute();
    attribute.set_name("alpha");
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(2);
  });
  changed("(Sigmoid)", [](auto& graph) {
    for (auto& node : *graph.mutable_node()) {
      if (node.op_type() != "Gemm" && node.op_type() != "Gather" && node.op_type() != "Split") {
        node.set_op_type("Sigmoid");
        node.clear_attribute();
        return;
      }
    }
  });
  changed("inputs and outputs", [](auto& graph) {
    auto& output = *graph.mutable_output()->Add();
    output = graph.output(0);
    output.set_name(graph.node(graph.node_size() - 2).output(0));
  });
  changed("which is no lock", [](auto& graph) { first(graph, "Gather").set_op_type("GatherND"); });
}

TEST_CASE("changed weights: an untouched file gives the original, byte for byte") {
  const EncryptedSample sample("bert-external-zero-length");
  const auto done = sample.decrypted(true);
  REQUIRE(done.has_value());
  CHECK_FALSE(done->changed);
  CHECK(read_all(done->files[0]) == read_all(sample.original()));
}

}  // namespace
}  // namespace permcrypt::test
