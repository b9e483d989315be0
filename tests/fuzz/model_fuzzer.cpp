// A libFuzzer target: whatever bytes a file holds, reading, inspecting and encrypting it ends with
// a result or an error, and what was encrypted decrypts to those bytes. See README.md.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "fuzz_folder.h"
#include "permcrypt/analysis.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/report.h"
#include "permcrypt/verify.h"

namespace {

namespace fs = std::filesystem;
using namespace permcrypt;
using namespace permcrypt::fuzz;

void inspect(const fs::path& path) {
  auto model = read_model(path);
  if (!model) return;
  auto analysis = analyse_without_locks(*std::move(model), {});
  if (!analysis) return;
  const Report report = report_analysis(*analysis);
  inspect_text(report);
  report_json(report, path.native(), "model");
  if (!report.tensors.empty()) {
    explain_tensor(*analysis, report.tensors[report.tensors.size() / 2].name);
  }
}

// The first byte of the input chooses the options.
EncryptRequest request_for(const fs::path& path, std::uint8_t choice) {
  EncryptRequest request;
  request.model = path;
  request.out = folder() / "out.onnx";
  request.key = key();
  request.force = true;
  request.threads = 1;
  request.locks.carry = choice & 1 ? Carry::kData : choice & 2 ? Carry::kBoth : Carry::kKey;
  request.locks.internal = choice & 4   ? Internal::kBlock
                           : choice & 8 ? Internal::kAll
                                        : Internal::kNone;
  request.locks.infer.opaque_caches = !(choice & 16);
  request.decoy = choice & 32;
  return request;
}

// Whatever the model computes, the encrypted one computes the same.
void prove_equal(const fs::path& original, const fs::path& encrypted) {
  VerifyRequest request;
  request.encrypted = encrypted;
  request.original = original;
  request.key = key();
  request.static_only = true;
  request.threads = 1;
  const auto verdict = verify(request);
  if (!worked(verdict)) std::abort();
  for (const Check& check : verdict->checks) {
    if (check.outcome == Outcome::kFailed && check.name != "secrets") std::abort();
  }
}

void round_trip(const fs::path& path, std::uint8_t choice, std::string_view bytes) {
  const EncryptRequest request = request_for(path, choice);
  const auto encrypted = encrypt(request);
  if (!worked(encrypted)) return;
  DecryptRequest back;
  back.model = *request.out;
  back.out = folder() / "back.onnx";
  back.key = key();
  back.force = true;
  back.threads = 1;
  if (!decrypt(back) || read_file(*back.out) != bytes) std::abort();
  if (choice & 64) prove_equal(path, *request.out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const fs::path path = folder() / "in.onnx";
  write_file(path, bytes);
  inspect(path);
  round_trip(path, data[0], bytes);
  return 0;
}
