#include "verify/leak_check.h"

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include "base/temp_folder.h"
#include "verify/lock_vector.h"
#include "verify/secret_scan.h"
#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

std::string little_endian(const std::vector<std::uint32_t>& values, std::size_t width) {
  std::string out;
  for (const std::uint64_t value : values) {
    for (std::size_t i = 0; i < width; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  }
  return out;
}

TEST_CASE("secrets: found at any offset and in any form, across stretches") {
  const std::vector<std::uint32_t> order{7, 300, 2, 9, 70000, 5, 11, 3, 12, 400, 13, 500};
  SecretScan scan;
  scan.add_indices(3, order);
  scan.add(4, std::string(16, 'k') + "ey");
  std::string varints;
  for (std::uint64_t value : order) {
    for (; value > 127; value >>= 7) varints.push_back(static_cast<char>(value | 128));
    varints.push_back(static_cast<char>(value));
  }
  const TempFolder folder;
  for (const auto& [secret, bytes] : {std::pair(3, little_endian(order, 4)),
                                      {3, little_endian(order, 8)},
                                      {3, varints},
                                      {4, std::string(16, 'k') + "ey"}}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{13}, (std::size_t{16} << 20) - 5}) {
      CAPTURE(at);
      const std::string file = std::string(at, 'x') + bytes + "tail";
      const auto hits = scan.find({folder.write("a", "nothing"), folder.write("b", file)}, {}, 2);
      REQUIRE(hits.has_value());
      REQUIRE(hits->size() == 1);
      CHECK(hits->at(0).secret == static_cast<std::size_t>(secret));
      CHECK(hits->at(0).file == 1);
      CHECK(hits->at(0).offset == at);
      // Nor is it looked for where it cannot begin.
      const std::vector<ByteSpan> cleared{{1, at, bytes.size()}}, before{{1, 0, at}};
      CHECK(scan.find({folder.write("a", ""), folder.write("b", file)}, cleared, 1)->empty());
      CHECK(scan.find({folder.write("a", ""), folder.write("b", file)}, before, 1)->size() == 1);
      // Without its last byte it is something else.
      const std::string cut = std::string(at, 'x') + bytes.substr(0, bytes.size() - 1);
      CHECK(scan.find({folder.write("b", cut)}, {}, 1)->empty());
    }
  }
}

TEST_CASE("secrets: what is too short to mean anything is not looked for") {
  SecretScan scan;
  scan.add_indices(0, std::vector<std::uint32_t>{1, 0, 2, 3, 5, 4, 6});
  scan.add(1, "fifteen bytes..");
  scan.add_indices(2, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
  const TempFolder folder;
  const std::string file = little_endian({1, 0, 2, 3, 5, 4, 6}, 4) + "fifteen bytes.." +
                           std::string(64, '\0') + little_endian({0, 1, 2, 3, 4, 5, 6, 7, 8}, 8);
  CHECK(scan.find({folder.write("a", file)}, {}, 1)->empty());
}

Subject opened(const EncryptedSample& sample) {
  auto subject = open_subject(sample.file(), sample.key());
  REQUIRE(subject.has_value());
  return *std::move(subject);
}

TEST_CASE("leaks: a correct encryption gives nothing away") {
  for (const std::string model : {"mlp-dynamo", "llama-fp16"}) {
    CAPTURE(model);
    const EncryptedSample sample(model);
    const auto check = check_secrets(opened(sample), true, 1);
    REQUIRE(check.has_value());
    CHECK_MESSAGE(check->outcome == Outcome::kPassed, check->detail);
  }
  // A constant that lists all positions has to say where each of them went.
  const EncryptedSample bert("bert-external-zero-length");
  const auto check = check_secrets(opened(bert), false, 1);
  REQUIRE(check.has_value());
  CHECK_MESSAGE(check->outcome == Outcome::kNoted, check->detail);
  CHECK(check->detail.find("(40 entries) in 'onnx::Slice_46'") != std::string::npos);
}

TEST_CASE("leaks: the key, the token or a group's order in a file") {
  const EncryptedSample sample("mlp-dynamo");
  const Subject subject = opened(sample);
  const Plan& plan = subject.sealed.plan;
  const auto vector = lock_vector(plan, subject.groups);
  const LockPart part = lock_parts(plan).at(0);
  const std::vector<std::uint32_t> lock(vector.begin(),
                                        vector.begin() + static_cast<std::ptrdiff_t>(part.size));
  REQUIRE(lock.size() >= SecretScan::kFewestIndices);
  for (const auto& [bytes, what] :
       {std::pair(subject.key.to_text(), "the secret key"),
        {std::string(subject.key.bytes()), "the secret key"},
        {little_endian(lock, 4), "the token's part"},
        {little_endian(lock, 8), "the token's part"},
        {little_endian(subject.groups[0].inverse().old_of_new(), 8), "the order of group 0"}}) {
    sample.put(sample.bytes() + bytes);
    const auto check = check_secrets(subject, false, 1);
    REQUIRE(check.has_value());
    CHECK(check->outcome == Outcome::kFailed);
    CHECK_MESSAGE(check->detail.find(what) != std::string::npos, check->detail);
    CHECK(check->detail.find(bytes) == std::string::npos);
  }
}

TEST_CASE("leaks: metadata that the original has not") {
  const EncryptedSample sample("mlp-dynamo");
  const auto original = read_model(sample.original());
  const auto encrypted = read_model(sample.file());
  REQUIRE((original && encrypted));
  CHECK(check_metadata(*encrypted, &*original).outcome == Outcome::kPassed);
  CHECK(check_metadata(*encrypted, nullptr).outcome == Outcome::kNoted);
  Model changed = *encrypted;
  auto& entry = *changed.structure.add_metadata_props();
  entry.set_key("base_model");
  entry.set_value("somebody/model");
  const Check check = check_metadata(changed, &*original);
  CHECK(check.outcome == Outcome::kFailed);
  CHECK(check.detail.find("base_model") != std::string::npos);
  changed = *encrypted;
  changed.structure.set_doc_string("made from somebody/model");
  CHECK(check_metadata(changed, &*original).outcome == Outcome::kFailed);
}

TEST_CASE("leaks: every tensor in both files is listed") {
  const EncryptedSample sample("mlp-dynamo");
  const auto original = read_model(sample.original());
  const auto encrypted = read_model(sample.file());
  REQUIRE((original && encrypted));
  std::vector<SharedTensor> shared;
  REQUIRE(list_shared(*original, *encrypted, 1, shared).has_value());
  const std::size_t apart = shared.size();
  shared.clear();
  REQUIRE(list_shared(*original, *original, 1, shared).has_value());
  CHECK(shared.size() > apart);
  for (std::size_t i = 1; i < shared.size(); ++i) CHECK(shared[i - 1].bytes >= shared[i].bytes);
}

}  // namespace
}  // namespace permcrypt::test
