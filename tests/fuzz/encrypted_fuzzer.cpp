// A libFuzzer target: whatever an encrypted model holds, what opens one ends with a result or an
// error. See README.md.
//
// The first byte of an input chooses what is done. With kSealed in it, the rest is
//
//   u64 length of a plan | the plan, as JSON | the .onnx file without a manifest
//
// and the plan is sealed into the file here, MAC and all, so that hostile plans get through.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "fuzz_folder.h"
#include "fuzz_seal.h"
#include "permcrypt/client_map.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/rekey.h"
#include "permcrypt/report.h"
#include "permcrypt/token.h"
#include "permcrypt/verify.h"
#include "write/encrypted_model.h"

namespace {

namespace fs = std::filesystem;
using namespace permcrypt;
using namespace permcrypt::fuzz;

constexpr std::uint8_t kSealed = 0x80;

const KeyOptions& other_key() {
  static const KeyOptions options = [] {
    write_file(folder() / "other",
               SecretKey::from_bytes(std::string(SecretKey::kSize, 'o')).to_text());
    return KeyOptions{.file = folder() / "other", .passphrase_fd = {}};
  }();
  return options;
}

void inspect(const fs::path& path) {
  const auto encrypted = read_encrypted(path);
  if (!worked(encrypted)) return;
  report_structure(encrypted->model);
  const auto opened = open_with(secret_key(), *encrypted);
  if (worked(opened)) inspect_text(report_encrypted(encrypted->model, opened->sealed.plan));
}

void restore(const fs::path& path, bool changed_weights) {
  DecryptRequest request;
  request.model = path;
  request.out = folder() / "back.onnx";
  request.key = key();
  request.force = true;
  request.changed_weights = changed_weights;
  request.threads = 1;
  worked(decrypt(request));
}

void give_other_key(const fs::path& path) {
  RekeyRequest request;
  request.model = path;
  request.out = folder() / "other.onnx";
  request.key = key();
  request.to = other_key();
  request.force = true;
  request.threads = 1;
  worked(rekey(request));
}

void check(const fs::path& path, bool changed_weights) {
  VerifyRequest request;
  request.encrypted = path;
  request.original = folder() / "back.onnx";  // whatever was decrypted last
  if (!fs::exists(*request.original)) request.original = path;
  request.key = key();
  request.static_only = true;
  request.changed_weights = changed_weights;
  request.threads = 1;
  worked(verify(request));
}

void make_private_copy(const fs::path& path) {
  const auto token = make_token(path, key());
  if (!worked(token)) return;
  UnlockRequest request;
  request.model = path;
  request.out = folder() / "unlocked.onnx";
  request.token_file = folder() / "token.npz";
  request.force = true;
  request.threads = 1;
  const std::vector<std::int32_t> none;
  worked(unlock(request, token->vector ? *token->vector : none));
}

void use(const fs::path& path, std::uint8_t choice) {
  switch (choice % 8) {
    case 0:
      return inspect(path);
    case 1:
      return restore(path, false);
    case 2:
      return restore(path, true);
    case 3:
      return give_other_key(path);
    case 4:
      return make_private_copy(path);
    case 5:
      worked(open_client_side(path, key()));
      return;
    default:
      return check(path, choice % 8 == 7);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const fs::path path = folder() / "in.enc.onnx";
  if (data[0] & kSealed) {
    const auto file = sealed_file(bytes);
    if (!file) return 0;
    write_file(path, *file);
  } else {
    write_file(path, bytes);
  }
  use(path, data[0]);
  return 0;
}
