#include "verify/byte_check.h"

#include <doctest/doctest.h>

#include "plan/small_models.h"
#include "verify/static_check.h"
#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

Check compare(const EncryptedSample& sample, const std::vector<std::filesystem::path>& original,
              unsigned threads = 2) {
  const auto subject = open_subject(sample.file(), sample.key());
  REQUIRE(subject.has_value());
  const auto untampered = check_untampered(*subject, threads);
  REQUIRE(untampered);
  CHECK(untampered->outcome == Outcome::kPassed);
  const auto check = check_bytes(*subject, original, {}, threads);
  REQUIRE(check);
  return *check;
}

TEST_CASE("byte check: the files that were encrypted") {
  for (const std::string model : {"mlp-dynamo", "bert-typed-data-fields"}) {
    const EncryptedSample sample(model);
    CHECK(compare(sample, {sample.original()}).outcome == Outcome::kPassed);
    CHECK(compare(sample, {sample.original()}, 1).outcome == Outcome::kPassed);
  }
}

TEST_CASE("byte check: one other byte, wherever it is") {
  const EncryptedSample sample("mlp-dynamo");
  const auto file = sample.folder() / "original.onnx";
  each_flip(read_all(sample.original()), 131,
            [&](const std::string& changed, const std::string& what) {
              CAPTURE(what);
              sample.folder().write("original.onnx", changed);
              CHECK(compare(sample, {file}).outcome == Outcome::kFailed);
            });
}

TEST_CASE("byte check: the tensor that differs is named") {
  const EncryptedSample sample("mlp-dynamo");
  const auto subject = open_subject(sample.file(), sample.key());
  for (const PlanTensor& tensor : subject->sealed.plan.tensors) {
    std::string bytes = read_all(sample.original());
    char& last = bytes[tensor.payload.offset + tensor.payload.length - 1];
    last = static_cast<char>(last ^ 1);
    const Check check = compare(sample, {sample.folder().write("original.onnx", bytes)});
    CHECK(check.detail.find("'" + tensor.name + "'") != std::string::npos);
  }
}

TEST_CASE("byte check: other sizes and numbers of files") {
  const EncryptedSample sample("bert-external-zero-length");
  const auto data = sample.original().parent_path() / "model.onnx.data";
  CHECK(compare(sample, {sample.original(), data}).outcome == Outcome::kPassed);
  CHECK(compare(sample, {sample.original()}).outcome == Outcome::kFailed);
  CHECK(compare(sample, {data, sample.original()}).outcome == Outcome::kFailed);
  std::string bytes = read_all(data);
  // A byte that no tensor holds still counts.
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const auto changed = sample.folder().write("data", bytes);
  CHECK(compare(sample, {sample.original(), changed}).outcome == Outcome::kFailed);
}

// A model of two weights of 2 MiB, so that chunks lie within them; and its encryption.
class LargeSample {
 public:
  std::vector<FoundPayload> found() const {
    const auto original = read_model(sample_.original());
    REQUIRE(original);
    auto proof = check_proof(*subject_, *original, subject_->sealed.plan, 2);
    REQUIRE(proof);
    return std::move(proof->found);
  }
  // Changes the byte in the middle of a weight of the original.
  void change(const std::string& weight) const {
    const PlanTensor* tensor = find_tensor(subject_->sealed.plan, weight);
    REQUIRE(tensor);
    std::string bytes = read_all(sample_.original());
    char& byte = bytes[tensor->payload.offset + tensor->payload.length / 2];
    byte = static_cast<char>(byte ^ 1);
    sample_.folder().write("model.onnx", bytes);
  }
  bool equal(const std::vector<FoundPayload>& found) const {
    const auto check = check_bytes(*subject_, {sample_.original()}, found, 2);
    REQUIRE(check);
    return check->outcome == Outcome::kPassed;
  }

 private:
  static onnx::ModelProto model() {
    ModelMaker maker;
    maker.input("x", {1, 64}).output("y", {1, 64});
    maker.weight("up", {64, 8192}).weight("down", {8192, 64});
    maker.node("MatMul", {"x", "up"}, "a").node("Relu", {"a"}, "b");
    maker.node("MatMul", {"b", "down"}, "y");
    return maker.proto();
  }

  const EncryptedSample sample_{model()};
  const Result<Subject> subject_ = open_subject(sample_.file(), sample_.key());
};

TEST_CASE("byte check: what the proof has found is not read again, all else is") {
  const LargeSample sample;
  const auto all = sample.found();
  CHECK(all.size() == 2);
  CHECK(sample.equal(all));
  sample.change("up");
  CHECK(sample.equal(all));
  CHECK_FALSE(sample.equal({}));
  const auto rest = sample.found();
  CHECK(rest.size() == 1);
  CHECK_FALSE(sample.equal(rest));
}

TEST_CASE("byte check: what was found at another place says nothing") {
  const LargeSample sample;
  auto moved = sample.found();
  for (FoundPayload& f : moved) f.encrypted.offset += 4;
  sample.change("down");
  CHECK_FALSE(sample.equal(moved));
}

}  // namespace
}  // namespace permcrypt::test
