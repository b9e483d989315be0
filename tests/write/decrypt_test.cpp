#include "permcrypt/decrypt.h"

#include <doctest/doctest.h>

#include "write/encrypted_sample.h"

namespace permcrypt::test {
namespace {

// Exit code 1, and nothing written.
void check_tampered(const EncryptedSample& sample) {
  const auto done = sample.decrypted();
  REQUIRE_FALSE(done.has_value());
  CHECK_MESSAGE(done.error().kind == ErrorKind::kResult, done.error().message);
  CHECK(std::filesystem::is_empty(sample.folder() / "back"));
}

TEST_CASE("decrypt: a changed byte anywhere is tampering, whatever it breaks") {
  for (const std::string model : {"mlp-dynamo", "bert-external-zero-length"}) {
    CAPTURE(model);
    const EncryptedSample sample(model);
    // A prime stride meets every bit and, over the structure at both ends, most kinds of fields.
    each_flip(sample.bytes(), 61, [&](const std::string& changed, const std::string& what) {
      CAPTURE(what);
      sample.put(changed);
      check_tampered(sample);
    });
  }
}

TEST_CASE("decrypt: every byte of the manifest counts") {
  const EncryptedSample sample("mlp-dynamo");
  const std::size_t begin = sample.bytes().rfind("permcrypt.open") - 6;
  for (std::size_t at = begin; at < sample.bytes().size(); at += 3) {
    CAPTURE(at);
    std::string changed = sample.bytes();
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 7));
    sample.put(changed);
    check_tampered(sample);
  }
}

TEST_CASE("decrypt: a changed data file") {
  const EncryptedSample sample("bert-external-zero-length");
  each_flip(sample.bytes(1), 997, [&](const std::string& changed, const std::string& what) {
    CAPTURE(what);
    sample.put(changed, 1);
    check_tampered(sample);
  });
  sample.put(sample.bytes(1) + "x", 1);
  check_tampered(sample);
  sample.put(sample.bytes(1).substr(0, 5000), 1);
  check_tampered(sample);
  // Not there at all: nobody changed anything.
  std::filesystem::remove(sample.folder() / "model.enc.onnx.data");
  CHECK(sample.decrypted().error().kind == ErrorKind::kInput);
}

TEST_CASE("decrypt: longer and shorter files") {
  const EncryptedSample sample("mlp-dynamo");
  for (const std::string more : {std::string("x"), std::string(100, '\0'), sample.bytes()}) {
    sample.put(sample.bytes() + more);
    check_tampered(sample);
  }
  const std::size_t manifest = sample.bytes().rfind("permcrypt.open");
  sample.put(sample.bytes().substr(0, manifest + 200));  // a manifest, but not all of it
  check_tampered(sample);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, manifest / 2, manifest - 20}) {
    sample.put(sample.bytes().substr(0, size));  // nothing says that it was encrypted
    const auto kind = sample.decrypted().error().kind;
    CHECK((kind == ErrorKind::kInput || kind == ErrorKind::kState));
  }
}

TEST_CASE("decrypt: what comes before tampering") {
  const EncryptedSample sample("mlp-dynamo");
  std::string broken = sample.bytes();
  broken[2] = static_cast<char>(0xff);
  sample.put(broken);
  DecryptRequest request;
  request.model = sample.file();
  request.out = sample.folder().write("there", "x");
  request.key = sample.key();
  CHECK(decrypt(request).error().kind == ErrorKind::kOutput);
  request.key = sample.other_key();
  CHECK(decrypt(request).error().kind == ErrorKind::kInput);
  request.key.file = sample.folder() / "nowhere";
  CHECK(decrypt(request).error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt::test
