#include "verify/byte_check.h"

#include <doctest/doctest.h>

#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

Check compare(const EncryptedSample& sample, const std::vector<std::filesystem::path>& original,
              unsigned threads = 2) {
  const auto subject = open_subject(sample.file(), sample.key());
  REQUIRE(subject.has_value());
  const auto checks = check_bytes(*subject, original, threads);
  REQUIRE(checks.has_value());
  REQUIRE(checks->size() == 2);
  CHECK(checks->front().outcome == Outcome::kPassed);
  return checks->back();
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

}  // namespace
}  // namespace permcrypt::test
