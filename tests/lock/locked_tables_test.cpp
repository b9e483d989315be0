// Locks on tables in the file that is written, however the table is stored.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lock/table_models.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/verify.h"
#include "proof/proof_sample.h"
#include "verify/runtime.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::text_model;

// The results are right with the key, and nothing else is wrong.
void check_numbers(const std::filesystem::path& model) {
  const ProofSample sample(model);
  VerifyRequest request;
  request.encrypted = sample.encrypted();
  request.original = model;
  request.key.file = sample.folder() / "key";
  const auto verdict = verify(request);
  REQUIRE_MESSAGE(verdict.has_value(), verdict.error().message);
  for (const Check& check : verdict->checks) {
    CAPTURE(check.detail);
    CHECK_MESSAGE(check.outcome != Outcome::kFailed, check.name);
    if (check.name == "with the key") CHECK(check.outcome == Outcome::kPassed);
  }
}

onnx::TensorProto take(onnx::GraphProto& graph, const std::string& name) {
  auto& list = *graph.mutable_initializer();
  const auto it = std::ranges::find(list, name, [](const auto& t) { return t.name(); });
  REQUIRE(it != list.end());
  onnx::TensorProto out = *it;
  list.erase(it);
  return out;
}

void put_first(onnx::GraphProto& graph, const onnx::NodeProto& node) {
  auto nodes = graph.node();
  graph.clear_node();
  *graph.add_node() = node;
  graph.mutable_node()->MergeFrom(nodes);
}

onnx::ModelProto as_constant() {
  onnx::ModelProto model = encoder(40, 192);
  onnx::NodeProto node;
  node.set_op_type("Constant");
  node.add_output("p");
  auto& value = *node.add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  *value.mutable_t() = take(*model.mutable_graph(), "p");
  put_first(*model.mutable_graph(), node);
  return model;
}

onnx::ModelProto as_input_too() {
  onnx::ModelProto model = encoder(40, 192);
  model.set_ir_version(3);
  onnx::GraphProto& graph = *model.mutable_graph();
  for (const auto& tensor : graph.initializer()) {
    add_value(*graph.add_input(), tensor.name(), tensor.data_type(),
              {tensor.dims().begin(), tensor.dims().end()});
  }
  return model;
}

onnx::ModelProto with_typed_data() {
  onnx::ModelProto model = encoder(40, 192);
  onnx::TensorProto table = take(*model.mutable_graph(), "p");
  const std::string raw = table.raw_data();
  for (std::size_t i = 0; i < raw.size(); i += sizeof(float)) {
    float x = 0;
    std::copy_n(raw.data() + i, sizeof x, reinterpret_cast<char*>(&x));
    table.add_float_data(x);
  }
  table.clear_raw_data();
  *model.mutable_graph()->add_initializer() = table;
  return model;
}

// The Slice in both branches of an If; the table in the main graph, or in one of the branches.
onnx::ModelProto in_branches(bool inside) {
  onnx::ModelProto model = encoder(40, 192);
  onnx::GraphProto& graph = *model.mutable_graph();
  for (auto& node : *graph.mutable_node()) {
    if (node.op_type() != "Slice") continue;
    const onnx::NodeProto slice = node;
    node.Clear();
    node.set_op_type("If");
    node.add_input("c");
    node.add_output("rows");
    for (const char* name : {"then_branch", "else_branch"}) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(name);
      attribute.set_type(onnx::AttributeProto::GRAPH);
      onnx::GraphProto& body = *attribute.mutable_g();
      body.set_name(name);
      const std::string out = std::string("rows_") + name[0];
      *body.add_node() = slice;
      body.mutable_node(0)->set_output(0, out);
      auto& info = *body.add_output();
      info.set_name(out);
      auto& type = *info.mutable_type()->mutable_tensor_type();
      type.set_elem_type(onnx::TensorProto::FLOAT);
      type.mutable_shape()->add_dim()->set_dim_param("m");
      type.mutable_shape()->add_dim()->set_dim_value(8);
    }
    if (inside) {
      onnx::GraphProto& body = *node.mutable_attribute(0)->mutable_g();
      *body.add_initializer() = take(graph, "p");
      onnx::TensorProto other = body.initializer(0);
      other.set_name("other");
      std::string& raw = *other.mutable_raw_data();
      std::reverse(raw.begin(), raw.end());
      for (std::size_t i = 3; i < raw.size(); i += 4) raw[i] = '\x3e';
      *graph.add_initializer() = other;
      node.mutable_attribute(1)->mutable_g()->mutable_node(0)->set_input(0, "other");
    }
  }
  onnx::ValueInfoProto& condition = *graph.add_input();
  add_value(condition, "c", onnx::TensorProto::BOOL, {});
  condition.mutable_type()->mutable_tensor_type()->mutable_shape();  // a scalar
  return model;
}

std::vector<std::pair<std::string, onnx::ModelProto>> forms() {
  return {{"initializer", encoder(40, 192)},    {"Constant node", as_constant()},
          {"input too", as_input_too()},        {"typed data", with_typed_data()},
          {"captured", in_branches(false)},     {"in a branch", in_branches(true)},
          {"for a function", called("counted")}};
}

TEST_CASE("tables: proved for all inputs, and back byte for byte, however they are stored") {
  for (const auto& [form, model] : forms()) {
    CAPTURE(form);
    const TempFolder folder;
    const auto path = folder.write("model.onnx", model.SerializeAsString());
    const ProofSample sample(path);
    const auto& locks = sample.plan().locks;
    const auto on_table =
        std::ranges::count_if(locks, [](const PlanLock& lock) { return lock.value == "p"; });
    CHECK(on_table == 1);
    const Proof proof = sample.proof();
    CHECK_MESSAGE(proof.complete(), (proof.refuted() ? proof.contradictions[0] : "not complete"));
    DecryptRequest back;
    back.model = sample.encrypted();
    back.out = folder / "back.onnx";
    back.key.file = sample.folder() / "key";
    REQUIRE(decrypt(back).has_value());
    CHECK(read_all(folder / "back.onnx") == read_all(path));
  }
}

TEST_CASE("tables: in ONNX Runtime" * doctest::skip(!runtime_available())) {
  for (const auto& [form, model] : forms()) {
    CAPTURE(form);
    const TempFolder folder;
    check_numbers(folder.write("model.onnx", model.SerializeAsString()));
  }
}

TEST_CASE("tables: nothing is proved of a reader that passes by the lock, or of another axis") {
  const TempFolder folder;
  const ProofSample sample(folder.write("model.onnx", encoder(40, 192).SerializeAsString()));
  onnx::ModelProto encrypted;
  REQUIRE(encrypted.ParseFromString(read_all(sample.encrypted())));
  REQUIRE(sample.prove_changed(encrypted)->complete());
  onnx::ModelProto past_it = encrypted, wrong_axis = encrypted;
  for (auto& node : *past_it.mutable_graph()->mutable_node()) {
    if (node.op_type() == "Slice") node.set_input(0, "p");
  }
  for (auto& node : *wrong_axis.mutable_graph()->mutable_node()) {
    if (node.op_type() == "Gather" && node.input(0) == "p") node.mutable_attribute(0)->set_i(1);
  }
  for (const auto& changed : {past_it, wrong_axis}) {
    const auto proof = sample.prove_changed(changed);
    REQUIRE(proof.has_value());
    CHECK(!proof->complete());
  }
}

TEST_CASE("tables: positions that a node reads take the lock themselves, which copies less") {
  for (const std::string rows : {"GatherND(p, at)", "GatherElements <axis = 0> (p, each)",
                                 "Gather <axis = 0> (p, counted)"}) {
    CAPTURE(rows);
    const auto model = text_model(R"(
encoder (float[b,n,8] x) => (float[b,n,8] y)
<float[40,8] p, float[8,96] up, float[96,8] down>
{ d = Shape(x)  first = Constant <value = int64 {0}> ()  step = Constant <value = int64 {1}> ()
  last = Constant <value = int64[1] {-1}> ()  eight = Constant <value = int64[1] {8}> ()
  n = Gather(d, step)  counted = Range(first, n, step)  at = Unsqueeze(counted, last)
  m = Unsqueeze(n, last)  shape = Concat <axis = 0> (m, eight)  each = Expand(at, shape)
  rows = )" + rows + R"(
  e = Add(x, rows)  a = MatMul(e, up)  r = Relu(a)  y = MatMul(r, down) })");
    CHECK(Placed(model, "p").locks == 0);
    CHECK(Placed(model, "p").moves);
    const TempFolder folder;
    const auto path = folder.write("model.onnx", model.SerializeAsString());
    CHECK(ProofSample(path).proof().complete());
    if (runtime_available()) check_numbers(path);
  }
}

}  // namespace
}  // namespace permcrypt::test
