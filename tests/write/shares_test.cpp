#include "write/shares.h"

#include <doctest/doctest.h>

#include "write/encrypted_sample.h"
#include "write/share_receipt.h"

using namespace permcrypt;
using namespace permcrypt::test;
namespace fs = std::filesystem;

namespace {

const std::string kSample = "bert-external-zero-length";

Result<EncryptReport> encrypt_with(const EncryptedSample& sample, EncryptRequest request) {
  request.model = sample.original();
  request.out = sample.folder() / "shared/model.enc.onnx";
  if (!request.key.file) request.key = sample.key();
  fs::create_directory(sample.folder() / "shared");
  return encrypt(request);
}

Result<EncryptReport> write_share(const EncryptedSample& sample, std::uint32_t number,
                                  std::uint32_t count, EncryptRequest request = {}) {
  request.share = Share{number, count};
  return encrypt_with(sample, request);
}

Result<EncryptReport> join(const EncryptedSample& sample) {
  EncryptRequest request;
  request.join = true;
  return encrypt_with(sample, request);
}

}  // namespace

TEST_CASE("shares cover every chunk of every data file once") {
  const std::vector<std::uint64_t> sizes = {5 << 20, 0, 1, 3 << 20, (9 << 20) + 7, 1 << 20};
  for (const std::uint32_t count : {1u, 2u, 3u, 7u, 15u, 16u, 40u}) {
    std::vector<std::uint64_t> ends(sizes.size());
    for (std::uint32_t number = 1; number <= count; ++number) {
      const auto ranges = chunks_of_share(sizes, {number, count});
      REQUIRE(ranges.size() == sizes.size());
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (ranges[i].begin == ranges[i].end) continue;
        CHECK(ranges[i].begin == ends[i]);
        ends[i] = ranges[i].end;
      }
    }
    CHECK(ends == std::vector<std::uint64_t>{0, 0, 1, 3, 10, 1});
  }
}

TEST_CASE("shares in any order, some twice, make the same model") {
  const EncryptedSample sample(kSample);
  for (const std::uint32_t number : {3, 1, 3, 2}) REQUIRE(write_share(sample, number, 3));
  CHECK_FALSE(fs::exists(sample.folder() / "shared/model.enc.onnx"));
  CHECK_FALSE(fs::exists(sample.folder() / "shared/model.enc.onnx.data"));
  REQUIRE(join(sample));
  CHECK(read_all(sample.folder() / "shared/model.enc.onnx") == sample.bytes(0));
  CHECK(read_all(sample.folder() / "shared/model.enc.onnx.data") == sample.bytes(1));
  CHECK_FALSE(fs::exists(sample.folder() / "shared/model.enc.onnx.shares"));
}

TEST_CASE("a lost share is named") {
  const EncryptedSample sample(kSample);
  CHECK(join(sample).error().kind == ErrorKind::kState);
  for (const std::uint32_t number : {1, 3}) REQUIRE(write_share(sample, number, 4));
  const auto joined = join(sample);
  REQUIRE_FALSE(joined);
  CHECK(joined.error().kind == ErrorKind::kState);
  CHECK(joined.error().message.find("2, 4") != std::string::npos);
  CHECK_FALSE(fs::exists(sample.folder() / "shared/model.enc.onnx"));
}

TEST_CASE("shares of another key, option or number are refused") {
  const EncryptedSample sample(kSample);
  REQUIRE(write_share(sample, 1, 2));
  EncryptRequest other;
  SUBCASE("another key") { other.key = sample.other_key(); }
  SUBCASE("another licensee") { other.licensee = "somebody"; }
  SUBCASE("another plan") { other.locks.internal = Internal::kAll; }
  REQUIRE(write_share(sample, 2, 2, other));
  SUBCASE("another number") {
    REQUIRE(write_share(sample, 2, 2));
    REQUIRE(write_share(sample, 1, 3));
  }
  const auto joined = join(sample);
  REQUIRE_FALSE(joined);
  CHECK(joined.error().kind == ErrorKind::kState);
  CHECK_FALSE(fs::exists(sample.folder() / "shared/model.enc.onnx"));
}

TEST_CASE("a model without data files has no shares") {
  const EncryptedSample sample("bert-weights-as-constants");
  CHECK(write_share(sample, 1, 2).error().kind == ErrorKind::kState);
}

TEST_CASE("a receipt is sealed") {
  ManifestKeys keys, others;
  others.seal.seal.fill(1);
  const ShareReceipt receipt{{2, 3}, "hash", {{5, {ChunkTag{1}, ChunkTag{2}}, {{}, {}}}, {}}};
  const std::string sealed = seal_receipt(receipt, keys);
  const auto back = unseal_receipt(sealed, keys);
  REQUIRE(back);
  CHECK(back->share.number == 2);
  CHECK(back->share.count == 3);
  CHECK(back->plan == "hash");
  CHECK(back->files == receipt.files);
  CHECK_FALSE(unseal_receipt(sealed, others));
  CHECK_FALSE(unseal_receipt(sealed.substr(1), keys));
  CHECK_FALSE(unseal_receipt("", keys));
}
