// verify is no second opinion of the same rules: with a rule that is wrong on both sides, the
// encrypted file is exactly as planned, and the static proof and the numbers tell, each by itself.
#include "infer/wrong_rules.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "infer/text_model.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/key.h"
#include "permcrypt/verify.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;
using permcrypt::test::TempFolder;

namespace {

namespace fs = std::filesystem;

const fs::path kVit = PERMCRYPT_SOURCE_DIR "/testdata/vit-mnist/model.onnx";

void write_key(const fs::path& path) {
  std::ofstream(path) << SecretKey::from_bytes(std::string(SecretKey::kSize, 'w')).to_text()
                      << "\n";
}

const Check* find_check(const Verdict& verdict, const std::string& name) {
  for (const Check& check : verdict.checks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

// The verdict on a model encrypted under `rules`; nullptr: the right ones.
Verdict verdict_under(const fs::path& model, const RuleBook* rules) {
  const TempFolder work;
  write_key(work.path() / "key");
  EncryptRequest encryption;
  encryption.model = model;
  encryption.out = work.path() / "model.enc.onnx";
  encryption.key.file = work.path() / "key";
  encryption.locks.infer.rules = rules;
  const auto encrypted = encrypt(encryption);
  REQUIRE_MESSAGE(encrypted.has_value(), encrypted.error().message);
  VerifyRequest check;
  check.encrypted = work.path() / "model.enc.onnx";
  check.original = model;
  check.key.file = work.path() / "key";
  check.numeric = true;
  const auto verdict = verify(check);
  REQUIRE_MESSAGE(verdict.has_value(), verdict.error().message);
  return *verdict;
}

// Everything is as planned, but the results differ.
void check_caught(const fs::path& model, const std::string& op, const Mistake& mistake) {
  CAPTURE(op);
  const WrongRules rules(op, mistake);
  const Verdict verdict = verdict_under(model, &rules);
  for (const char* consistent : {"untampered", "bytes"}) {
    const Check* check = find_check(verdict, consistent);
    REQUIRE(check);
    CHECK(check->outcome == Outcome::kPassed);
  }
  for (const char* wrong : {"static proof", "with the key"}) {
    const Check* equal = find_check(verdict, wrong);
    REQUIRE(equal);
    CHECK_MESSAGE(equal->outcome == Outcome::kFailed, wrong);
  }
}

// The parameters are taken to lie along the axis before the last.
void layer_norm_off_by_one(const OpRule&, RuleCall& c) {
  const Operand& x = c.in(0);
  for (std::size_t k = 1; k < c.inputs(); ++k) c.per_index(c.optional(k), *(x.axes.end() - 2));
  c.out(0, x.axes, x.type);
}

// The kernel's two channel axes are taken for each other.
void conv_turned_round(const OpRule&, RuleCall& c) {
  const Operand &x = c.in(0), &w = c.in(1);
  c.unify(x.axes[1], w.axes[0]);
  const auto still = [&] { return c.fixed(x.axes[2].a, "kernel axis"); };
  for (std::size_t k : {2, 3}) c.pin(x.axes[k], "kernel axis");
  c.out(0, {x.axes[0], w.axes[1], still(), still()}, x.type);
}

struct TextCase {
  const char* op;
  Mistake mistake;
  const char* graph;
};

const TextCase kTextCases[] = {
    {"MatMul", without_relation(0), R"(
mlp (float[5,12] x) => (float[5,12] y)
<float[12,24] up, float[24] bias, float[24,12] down>
{ a = MatMul(x, up)  b = Add(a, bias)  c = Relu(b)  d = MatMul(c, down)  y = Add(x, d) })"},
    {"LayerNormalization", layer_norm_off_by_one, R"(
square (float[2,8,8] x) => (float[2,8,8] y)
<float[8,8] first, float[8] scale, float[8] shift, float[8,8] last>
{ a = MatMul(x, first)  b = LayerNormalization(a, scale, shift)  y = MatMul(b, last) })"},
    {"Conv", conv_turned_round, R"(
channels (float[2,6,7,7] x) => (float[2,6,7,7] y)
<float[6,6,3,3] first, float[6,6,3,3] last>
{ a = Conv <pads = [1,1,1,1]> (x, first)  b = Relu(a)
  y = Conv <pads = [1,1,1,1]> (b, last) })"},
    {"BatchNormalization", without_relation(1), R"(
normalised (float[2,6,7,7] x) => (float[2,9] y)
<float[8,6,3,3] w, float[8] scale, float[8] shift, float[9,8] head>
{ mean = Constant <value = float[8] {1, 2, -1, 0, 3, 1, -2, 2}> ()
  var = Constant <value = float[8] {1, 2, 1, 4, 3, 1, 2, 2}> ()
  a = Conv(x, w)  b = BatchNormalization(a, scale, shift, mean, var)  c = Relu(b)
  d = GlobalAveragePool(c)  e = Flatten(d)  y = Gemm <transB = 1> (e, head) })"},
    {"CumSum", without_relation(1), R"(
running (float[3,10] x) => (float[3,10] y)
<float[10,16] up, float[16,10] down>
{ axis = Constant <value = int64 {1}> ()
  a = MatMul(x, up)  b = CumSum(a, axis)  y = MatMul(b, down) })"},
    {"GRU", without_relation(5), R"(
recurrent (float[4,2,6] x) => (float[4,1,2,8] y)
<float[1,24,6] w, float[1,24,8] r>
{ y, h = GRU <hidden_size = 8> (x, w, r) })"},
    {"Softmax", with_loose_result, R"(
attention (float[5,24] x) => (float[5,24] y)
<float[24,24] wq, float[24,24] wk, float[24,24] wv, float[24,24] wo>
{ heads = Constant <value = int64[3] {5, 6, 4}> ()
  merged = Constant <value = int64[2] {5, 24}> ()
  q = MatMul(x, wq)  k = MatMul(x, wk)  v = MatMul(x, wv)
  q3 = Reshape(q, heads)  k3 = Reshape(k, heads)  v3 = Reshape(v, heads)
  qt = Transpose <perm = [1,0,2]> (q3)  kt = Transpose <perm = [1,2,0]> (k3)
  vt = Transpose <perm = [1,0,2]> (v3)
  s = MatMul(qt, kt)  p = Softmax(s)  o = MatMul(p, vt)
  ot = Transpose <perm = [1,0,2]> (o)  om = Reshape(ot, merged)  y = MatMul(om, wo) })"},
    {"Gather", with_loose_result, R"(
embedding (int64[2,5] ids) => (float[2,5,7] y)
<float[30,16] table, float[16] bias, float[16,7] head>
{ a = Gather(table, ids)  b = Add(a, bias)  y = MatMul(b, head) })"},
};

}  // namespace

TEST_CASE("wrong rules: verify fails them through the numbers" *
          doctest::skip(!runtime_available())) {
  CHECK(verdict_under(kVit, nullptr).passed());
  for (const auto& [op, relation] :
       {std::pair("MatMul", 0), std::pair("Add", 0), std::pair("Gemm", 0),
        std::pair("LayerNormalization", 0), std::pair("LayerNormalization", 1)}) {
    CAPTURE(relation);
    check_caught(kVit, op, without_relation(static_cast<std::size_t>(relation)));
  }
  for (const char* op : {"Mul", "Slice", "Transpose"}) check_caught(kVit, op, with_loose_result);
}

TEST_CASE("wrong rules: verify fails them in models of a few nodes" *
          doctest::skip(!runtime_available())) {
  for (const TextCase& c : kTextCases) {
    const TempFolder work;
    const fs::path path = work.path() / "model.onnx";
    std::ofstream(path, std::ios::binary) << text_model(c.graph).SerializeAsString();
    const Verdict right = verdict_under(path, nullptr);
    INFO(std::string(c.op));
    const Check* equal = find_check(right, "with the key");
    REQUIRE(equal);
    CHECK_MESSAGE(equal->outcome == Outcome::kPassed, equal->detail);
    check_caught(path, c.op, c.mistake);
  }
}
