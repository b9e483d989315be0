#include "permcrypt/verify.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "infer/text_model.h"
#include "permcrypt/token.h"
#include "plan/small_models.h"
#include "verify/broken_encryption.h"
#include "verify/runtime.h"
#include "verify/token_file.h"
#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

VerifyRequest request_for(const EncryptedSample& sample) {
  VerifyRequest request;
  request.encrypted = sample.file();
  request.key = sample.key();
  return request;
}

VerifyRequest with_original(const EncryptedSample& sample) {
  VerifyRequest request = request_for(sample);
  request.original = sample.original();
  return request;
}

Outcome outcome_of(const Verdict& verdict, const std::string& check) {
  const auto it = std::ranges::find(verdict.checks, check, &Check::name);
  REQUIRE_MESSAGE(it != verdict.checks.end(), check);
  return it->outcome;
}

SecretKey key_of(char byte) { return SecretKey::from_bytes(std::string(SecretKey::kSize, byte)); }

std::string first_failure(const Result<Verdict>& verdict) {
  REQUIRE_MESSAGE(verdict.has_value(), verdict.error().message);
  return verdict->passed() ? "" : verdict->first_failure()->name;
}

TEST_CASE("verify: the right original") {
  const EncryptedSample sample("mlp-dynamo");
  const auto verdict = verify(with_original(sample));
  CHECK(first_failure(verdict) == "");
  CHECK(outcome_of(*verdict, "untampered") == Outcome::kPassed);
  CHECK(outcome_of(*verdict, "bytes") == Outcome::kPassed);
  if (!runtime_available()) return;
  for (const std::string check : {"with the key", "without the key", "wrong keys",
                                  "another model's token", "slightly wrong key"}) {
    CHECK_MESSAGE(outcome_of(*verdict, check) == Outcome::kPassed, check);
  }
  CHECK(verdict->figures.size() > 10);
}

TEST_CASE("verify: near keys, as a curve, and lock by lock" * doctest::skip(!runtime_available())) {
  EncryptRequest encryption;
  encryption.locks.internal = Internal::kAll;
  const EncryptedSample sample("bert-typed-data-fields", encryption);
  const auto verdict = verify(with_original(sample));
  REQUIRE(first_failure(verdict) == "");
  REQUIRE(verdict->swaps.size() >= 3);
  for (std::size_t i = 0; i < verdict->swaps.size(); ++i) {
    CHECK(verdict->swaps[i].swaps == std::uint64_t{1} << i);
  }
  // More is worse, but for chance.
  CHECK(verdict->swaps.back().worth.mean_relative > verdict->swaps.front().worth.mean_relative);
  REQUIRE(verdict->locks.size() >= 2);
  CHECK(verdict->locks.size() <= 16);
  for (const LockFigures& lock : verdict->locks) {
    CAPTURE(lock.value);
    CHECK(lock.size >= 2);
    CHECK(lock.worth.max_relative > 0);
  }
}

TEST_CASE("verify: without ONNX Runtime the static checks remain") {
  if (runtime_available()) return;
  const EncryptedSample sample("mlp-dynamo");
  VerifyRequest request = with_original(sample);
  CHECK(outcome_of(*verify(request), "numbers") == Outcome::kSkipped);
  request.numeric = true;
  CHECK(verify(request).error().kind == ErrorKind::kUsage);
}

TEST_CASE("verify: another original") {
  const EncryptedSample sample("mlp-dynamo");
  VerifyRequest request = with_original(sample);
  request.original = sample.original().parent_path().parent_path() / "bert-typed-data-fields";
  CHECK(first_failure(verify(request)) == "bytes");
  // Of the same size, with one other weight.
  std::string bytes = read_all(sample.original());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  request.original = sample.folder().write("original.onnx", bytes);
  CHECK(first_failure(verify(request)) == "bytes");
  request.original = sample.folder() / "nowhere.onnx";
  CHECK(verify(request).error().kind == ErrorKind::kInput);
}

TEST_CASE("verify: keys and states") {
  const EncryptedSample sample("mlp-dynamo");
  VerifyRequest request = request_for(sample);
  CHECK(first_failure(verify(request)) == "");
  request.key = sample.other_key();
  CHECK(verify(request).error().kind == ErrorKind::kKey);
  request.encrypted = sample.original();
  CHECK(verify(request).error().kind == ErrorKind::kState);
  request.encrypted = sample.folder() / "nowhere.onnx";
  CHECK(verify(request).error().kind == ErrorKind::kInput);
}

TEST_CASE("verify: a changed byte anywhere is tampering, whatever it breaks") {
  for (const std::string model : {"mlp-dynamo", "bert-external-zero-length"}) {
    CAPTURE(model);
    const EncryptedSample sample(model);
    const auto check = [&](const std::string& what) {
      CAPTURE(what);
      const auto verdict = verify(request_for(sample));
      if (verdict) {
        CHECK(first_failure(verdict) == "untampered");
      } else {
        CHECK_MESSAGE(verdict.error().kind == ErrorKind::kResult, verdict.error().message);
      }
    };
    each_flip(sample.bytes(), 67, [&](const std::string& changed, const std::string& what) {
      sample.put(changed);
      check(what);
    });
    sample.put(sample.bytes());
    if (model == "mlp-dynamo") continue;
    each_flip(sample.bytes(1), 1009, [&](const std::string& changed, const std::string& what) {
      sample.put(changed, 1);
      check(what);
    });
  }
}

TEST_CASE("verify: a wrong rule shows in the numbers" * doctest::skip(!runtime_available())) {
  const TempFolder folder;
  folder.write("key", key_of('k').to_text());
  VerifyRequest request;
  request.encrypted = folder / "model.enc.onnx";
  request.original =
      std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata/models/mlp-dynamo/model.onnx";
  request.key.file = folder / "key";
  encrypt_changed(*request.original, request.encrypted, key_of('k'), [](Plan&) {});
  CHECK(first_failure(verify(request)) == "");
  // One tensor stays where its neighbours move, in the file as in the plan.
  encrypt_changed(*request.original, request.encrypted, key_of('k'), [](Plan& plan) {
    for (AxisMap& axis : plan.tensors.at(0).axes) axis = {.extent = axis.extent};
  });
  const auto verdict = verify(request);
  CHECK(first_failure(verdict) == "static proof");
  CHECK(outcome_of(*verdict, "bytes") == Outcome::kPassed);
}

// Choices among three classes, in 200 places: the first class is preferred by `bias`, the weights
// have a say, and so has an input that no key touches, `leak` times as much.
std::string failure_of_choices(float bias, float leak) {
  const auto graph = fmt::format(R"(
choices (float[200,32] x, float[200,3] z) => (int64[200,1] y)
<float[32,48] w, float[48,1] a, float[48,1] b, float[48,1] c>
{{ preferred = Constant <value = float[3] {{{}, 0, 0}}> ()  h = MatMul(x, w)  t = Tanh(h)
  sa = MatMul(t, a)  sb = MatMul(t, b)  sc = MatMul(t, c)  s = Concat <axis = 1> (sa, sb, sc)
  leak = Constant <value = float {{{}}}> ()  l = Mul(z, leak)  d = Add(s, l)
  e = Add(d, preferred)  y = ArgMax <axis = 1> (e) }})",
                                 bias, leak);
  const auto verdict =
      verify(with_original(EncryptedSample(permcrypt::testing::text_model(graph))));
  const std::string failure = first_failure(verdict);
  MESSAGE(bias << " " << leak << " " << (failure.empty() ? "" : verdict->first_failure()->detail));
  return failure;
}

TEST_CASE("verify: a frequent class is no use of its own, and choices that leak are found" *
          doctest::skip(!runtime_available())) {
  CHECK(failure_of_choices(0, 0) == "");
  CHECK(failure_of_choices(1.6f, 0) == "");
  CHECK(failure_of_choices(2.5f, 0) == "");
  CHECK(failure_of_choices(0, 5) == "without the key");
  CHECK(failure_of_choices(0, 0.5f) == "without the key");
  CHECK(failure_of_choices(1.6f, 1) == "without the key");
}

TEST_CASE("verify: a model that stays useful is not protected" *
          doctest::skip(!runtime_available())) {
  // What the weights add is a thousandth of what passes by them.
  ModelMaker maker;
  maker.input("x", {4, 32}).output("y", {4, 32}).weight("w1", {32, 48}).weight("w2", {48, 32});
  maker.weight("scale", {32}).node("Mul", {"x", "scale"}, "scaled");
  maker.node("MatMul", {"scaled", "w1"}, "h").node("Tanh", {"h"}, "t");
  maker.node("MatMul", {"t", "w2"}, "small").node("Add", {"x", "small"}, "y");
  for (auto& tensor : *maker.graph().mutable_initializer()) {
    auto* values = reinterpret_cast<float*>(tensor.mutable_raw_data()->data());
    for (std::size_t i = 0; i < tensor.raw_data().size() / 4; ++i) values[i] *= 1e-5f;
  }
  const auto verdict = verify(with_original(EncryptedSample(maker.proto())));
  CHECK(first_failure(verdict) == "without the key");
  CHECK(outcome_of(*verdict, "with the key") == Outcome::kPassed);
  CHECK_MESSAGE(verdict->first_failure()->advice.find("--internal all, which adds 2 locks") !=
                    std::string::npos,
                verdict->first_failure()->advice);
}

TEST_CASE("verify: changed weights") {
  const EncryptedSample sample("mlp-dynamo");
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(sample.bytes()));
  for (auto& tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.data_type() != onnx::TensorProto::FLOAT) continue;
    auto* values = reinterpret_cast<float*>(tensor.mutable_raw_data()->data());
    for (std::size_t i = 0; i < tensor.raw_data().size() / 4; ++i) values[i] *= 1.5f;
  }
  sample.put(model.SerializeAsString());
  VerifyRequest request = with_original(sample);
  CHECK(first_failure(verify(request)) == "untampered");
  request.changed_weights = true;
  auto verdict = verify(request);
  CHECK(first_failure(verdict) == "");
  for (const std::string check : {"changed weights", "graph", "static proof", "secrets"}) {
    CHECK_MESSAGE(outcome_of(*verdict, check) == Outcome::kPassed, check);
  }
  if (runtime_available()) CHECK(outcome_of(*verdict, "with the key") == Outcome::kPassed);
  request.original.reset();
  CHECK(first_failure(verify(request)) == "");
  // An attribute is no weight.
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Gemm") continue;
    auto& alpha = *node.add_attribute();
    alpha.set_name("alpha");
    alpha.set_type(onnx::AttributeProto::FLOAT);
    alpha.set_f(2);
    break;
  }
  sample.put(model.SerializeAsString());
  CHECK(first_failure(verify(request)) == "changed weights");
}

// The token of `sample`, as made with `key` for the model `of`.
std::filesystem::path token_file(const EncryptedSample& sample, const EncryptedSample& of) {
  const auto token = make_token(of.file(), of.key());
  REQUIRE(token.has_value());
  const auto path = sample.folder() / "token.npz";
  REQUIRE(write_token(path, *token, IfExists::kReplace).has_value());
  return path;
}

TEST_CASE("verify: tokens" * doctest::skip(!runtime_available())) {
  const EncryptedSample sample("mlp-dynamo");
  VerifyRequest request = with_original(sample);
  request.token = token_file(sample, sample);
  CHECK(first_failure(verify(request)) == "");
  // Another licensee's token has the same length.
  EncryptRequest other;
  other.licensee = "somebody else";
  request.token = token_file(sample, EncryptedSample("mlp-dynamo", other));
  CHECK(first_failure(verify(request)) == "with the key");
  request.token = token_file(sample, EncryptedSample("bert-typed-data-fields"));
  CHECK(verify(request).error().kind == ErrorKind::kInput);
  request.token = sample.folder() / "nowhere.npz";
  CHECK(verify(request).error().kind == ErrorKind::kInput);
}

TEST_CASE("verify: known answers" * doctest::skip(!runtime_available())) {
  const EncryptedSample sample("bert-typed-data-fields");
  VerifyRequest request = request_for(sample);
  request.record = sample.folder() / "known";
  CHECK(first_failure(verify(request)) == "");
  CHECK(verify(request).error().kind == ErrorKind::kOutput);
  request.record.reset();
  request.known = sample.folder() / "known";
  request.token = token_file(sample, sample);
  CHECK(first_failure(verify(request)) == "");
  // A weight changed: only the key's owner has the MAC, but anybody with a token has the answer.
  std::string bytes = sample.bytes();
  for (std::size_t i = 0; i < 256; ++i) bytes[bytes.size() / 3 + i] = static_cast<char>(i % 60);
  sample.put(bytes);
  CHECK(first_failure(verify(request)) == "known answer");
}

}  // namespace
}  // namespace permcrypt::test
