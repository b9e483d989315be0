#include "permcrypt/proof.h"

#include "infer/text_model.h"
#include "infer/wrong_rules.h"
#include "proof/proof_sample.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::Dropped;
using permcrypt::testing::text_model;
using permcrypt::testing::without_relation;
using permcrypt::testing::WrongRules;

TEST_CASE("proof: sample models, with few locks and with all") {
  for (const std::string name :
       {"vit-mnist", "mlp-dynamo", "bert-external-zero-length", "bert-typed-data-fields",
        "bert-weights-as-constants", "dlrm-opset13", "gpt2-decoder-merged",
        "gpt2-ir3-initializers-as-inputs", "layernorm-functions-nested", "llama-fp16",
        "llama-genai-gqa-tied", "lstm-tagger-dynamo", "shufflenet-pixelshuffle-dynamo",
        "mixtral-genai-qmoe4", "t5-encoder-fused"}) {
    CAPTURE(name);
    for (const Internal internal : {Internal::kNone, Internal::kAll}) {
      LockOptions locks;
      locks.internal = internal;
      const Proof proof = ProofSample(model_to_prove(name), locks).proof();
      CHECK_MESSAGE(proof.complete(), first_of(proof));
      CHECK(proof.nodes > 0);
    }
  }
}

TEST_CASE("proof: the data carries the key") {
  for (const Carry carry : {Carry::kData, Carry::kBoth}) {
    LockOptions locks;
    locks.carry = carry;
    for (const std::string name : {"mlp-dynamo", "vit-mnist"}) {
      CAPTURE(name);
      CHECK(first_of(ProofSample(model_to_prove(name), locks).proof()) == "");
    }
  }
}

// Pixels of a patch and patches are renumbered over several axes at once.
TEST_CASE("proof: patches of pictures") {
  LockOptions locks;
  locks.carry = Carry::kData;
  const auto moves_jointly = [&](const std::string& graph) {
    const TempFolder folder;
    const auto path = folder.write("model.onnx", text_model(graph).SerializeAsString());
    const ProofSample sample(path, locks);
    CHECK(std::ranges::any_of(sample.plan().locks,
                              [](const PlanLock& lock) { return !lock.joint.empty(); }));
    return first_of(sample.proof());
  };
  // Channels and pixels; a mean and a scale before, a bias of its own for each channel after.
  CHECK(moves_jointly(R"(
picture (float[2,3,8,12] x) => (float[2,5] y)
<float[6,3,4,4] k, float[6,1,1] c, float[6,5] w, float[6,6] p>
{ mean = Constant <value = float {0.5}> ()  m = Sub(x, mean)  s = Mul(m, mean)
  a = Conv <kernel_shape = [4,4], strides = [4,4]> (s, k)  b = Add(a, c)
  to = Constant <value = int64[3] {2, 6, -1}> ()  r = Reshape(b, to)
  t = Transpose <perm = [0,2,1]> (r)  q = Add(t, p)
  mixed = ReduceMean <axes = [1], keepdims = 0> (q)  y = MatMul(mixed, w) })") == "");
  // Sound as a picture, on its side.
  CHECK(moves_jointly(R"(
sound (float[2,8,6] x) => (float[2,5] y) <float[6,1,3,4] k, float[6,5] w, float[4,6] p>
{ one = Constant <value = int64[1] {1}> ()  u = Unsqueeze(x, one)
  v = Transpose <perm = [0,1,3,2]> (u)
  a = Conv <kernel_shape = [3,4], strides = [3,4]> (v, k)
  f = Constant <value = int64[3] {2, 6, 4}> ()  r = Reshape(a, f)
  t = Transpose <perm = [0,2,1]> (r)  q = Add(t, p)
  mixed = ReduceMean <axes = [1], keepdims = 0> (q)  y = MatMul(mixed, w) })") == "");
  // And out again: patches become a picture.
  CHECK(moves_jointly(R"(
patches (float[2,6,7] x) => (float[2,3,8,12] y) <float[7,9] w, float[9,48] v, float[6,9] p>
{ a = MatMul(x, w)  q = Add(a, p)  b = MatMul(q, v)
  to = Constant <value = int64[6] {2, 2, 3, 4, 4, 3}> ()  r = Reshape(b, to)
  t = Transpose <perm = [0,5,1,3,2,4]> (r)
  all = Constant <value = int64[4] {2, 3, 8, 12}> ()  y = Reshape(t, all) })") == "");
}

TEST_CASE("proof: updates come in any order") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
sums (float[5,4] x) => (float[3,6] y)
<float[5,4] p, float[4,6] w, int64[5,4] to = {0,0,0,0, 2,2,2,2, 1,1,1,1, 0,0,0,0, 2,2,2,2},
 float[3,4] none = {0,0,0,0, 0,0,0,0, 0,0,0,0}>
{ u = Mul(x, p)  s = ScatterElements <axis = 0, reduction = "add"> (none, to, u)
  y = MatMul(s, w) })",
                locks) == "");
  CHECK(outcome(R"(
rows (float[5,4] x) => (float[7,6] y)
<float[5,4] p, float[4,6] w, int64[5,1] to = {6,2,3,0,1},
 float[7,4] none = {0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0}>
{ u = Mul(x, p)  s = ScatterND(none, to, u)  y = MatMul(s, w) })",
                locks) == "");
}

TEST_CASE("proof: a table that comes apart and together again, where the data carries the key") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
table (float[16,12] x) => (float[16,5] y) <float[16,12] p, float[12,5] w>
{ apart = Constant <value = int64[3] {4, 4, 12}> ()  all = Constant <value = int64[2] {16, 12}> ()
  t = Reshape(p, apart)  r = Relu(t)  back = Reshape(r, all)  u = Add(x, back)  y = MatMul(u, w) })",
                locks) == "");
}

TEST_CASE("proof: an operator that it does not know is named, and no result is claimed") {
  const TempFolder folder;
  // Payloads stay where they are in the file: the new name is as long as the old one.
  onnx::ModelProto before = text_model(R"(
mlp (float[5,12] x) => (float[5,12] y, float[5,12] z)
<float[12,24] up, float[24,12] down>
{ a = MatMul(x, up)  b = Relu(a)  y = MatMul(b, down)  z = Abs(x) })");
  const ProofSample sample(folder.write("model.onnx", before.SerializeAsString()));
  REQUIRE(sample.proof().complete());
  onnx::ModelProto after;
  REQUIRE(after.ParseFromString(read_all(sample.encrypted())));
  for (auto* model : {&before, &after}) {
    for (auto& node : *model->mutable_graph()->mutable_node()) {
      if (node.op_type() == "Relu") node.set_op_type("Zelu");
    }
  }
  const auto proof = sample.prove_files(folder.write("before.onnx", before.SerializeAsString()),
                                        folder.write("after.onnx", after.SerializeAsString()));
  REQUIRE(proof.has_value());
  CHECK_MESSAGE(!proof->refuted(), first_of(*proof));
  CHECK(proof->not_understood.count("Zelu: no definition") == 1);
  CHECK(proof->open_outputs == std::vector<std::string>{"y"});
}

// Wrong on both sides: the file is as planned, and still the two differ.
TEST_CASE("proof: a rule that is wrong is found without running anything") {
  struct Fault {
    const char* op;
    std::size_t relation;
  };
  for (const Fault fault : {Fault{"MatMul", 0},
                            {"Add", 0},
                            {"Gemm", 0},
                            {"LayerNormalization", 0},
                            {"LayerNormalization", 1}}) {
    INFO(std::string(fault.op));
    Dropped dropped;
    const WrongRules rules(fault.op, without_relation(fault.relation, &dropped));
    LockOptions locks;
    locks.infer.rules = &rules;
    CHECK(ProofSample(model_to_prove("vit-mnist"), locks).proof().refuted());
    CHECK(dropped.times > 0);
  }
}

}  // namespace
}  // namespace permcrypt::test
