// A sample model, of testdata/ or made by a test, encrypted in a folder of its own under a key that never changes.
#pragma once

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_folder.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/encrypt.h"

namespace permcrypt::test {

class EncryptedSample {
 public:
  explicit EncryptedSample(const std::string& model, EncryptRequest request = {})
      : original_(std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata/models" / model /
                  "model.onnx") {
    encrypt_original(std::move(request));
  }
  // Of a model that a test has made.
  explicit EncryptedSample(const onnx::ModelProto& model)
      : original_(folder_.write("model.onnx", model.SerializeAsString())) {
    encrypt_original({});
  }

  const std::filesystem::path& original() const { return original_; }
  const TempFolder& folder() const { return folder_; }
  std::filesystem::path file() const { return folder_ / "model.enc.onnx"; }
  KeyOptions key() const { return {.file = folder_ / "key", .passphrase_fd = {}}; }
  KeyOptions other_key() const { return {.file = folder_ / "other", .passphrase_fd = {}}; }

  // What encrypt wrote: [0] is the .onnx, [1] the first data file.
  const std::string& bytes(std::size_t file = 0) const { return bytes_.at(file); }
  void put(const std::string& bytes, std::size_t file = 0) const {
    folder_.write(file == 0 ? "model.enc.onnx" : "model.enc.onnx.data", bytes);
  }

  Result<DecryptReport> decrypted(bool changed_weights = false) const {
    DecryptRequest request;
    request.model = file();
    request.out = folder_ / "back" / "model.onnx";
    request.key = key();
    request.force = true;
    request.changed_weights = changed_weights;
    std::filesystem::create_directory(folder_ / "back");
    return decrypt(request);
  }

 private:
  void encrypt_original(EncryptRequest request) {
    folder_.write("key", SecretKey::from_bytes(std::string(SecretKey::kSize, 'k')).to_text());
    folder_.write("other", SecretKey::from_bytes(std::string(SecretKey::kSize, 'o')).to_text());
    request.model = original_;
    request.out = file();
    request.key = key();
    const auto encrypted = encrypt(request);
    REQUIRE_MESSAGE(encrypted.has_value(), encrypted.error().message);
    for (const auto& path : encrypted->files) bytes_.push_back(read_all(path));
  }

  TempFolder folder_;
  std::filesystem::path original_;
  std::vector<std::string> bytes_;
};

// Changes of one byte all over a file: `visit` is called with the changed bytes and a name for what
// was done.
template <class Visit>
void each_flip(const std::string& bytes, std::size_t stride, Visit visit) {
  for (std::size_t at = 0; at < bytes.size(); at += stride) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    visit(changed, "byte " + std::to_string(at) + " of " + std::to_string(bytes.size()));
  }
}

}  // namespace permcrypt::test
