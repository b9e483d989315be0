// The metadata entries by which an encrypted model can be recognised, undone and checked.
//
//   permcrypt.open   JSON in the clear: format version, key id, salt
//   permcrypt.plan   the sealed plan, hexadecimal: JSON, deflated, XChaCha20-Poly1305
//   permcrypt.mac    64 hexadecimal digits over all files; the last bytes of the .onnx
//
// They are appended to the copied .onnx as they are, so everything before them stays a plain copy.
// Writing one, after copy_files() with keys.original for the inputs and keys.mac for the outputs:
//
//   record_original(sealed, copied.inputs, keys);
//   const std::string manifest = make_manifest(open, sealed, keys, copied);
//   outputs.write(0, copied.outputs[0].size - manifest.size(), manifest);
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "write/seal.h"
#include "write/sealed_plan.h"

namespace permcrypt {

inline constexpr std::uint64_t kFormatVersion = 1;

// What anybody can read.
struct OpenManifest {
  std::string key_id;
  Salt salt{};
  std::uint64_t format = kFormatVersion;
  bool operator==(const OpenManifest&) const = default;
};

struct Manifest {
  OpenManifest open;
  std::string sealed;  // nonce, then ciphertext
  std::string mac;     // hexadecimal
};

// Subkeys of one (key, salt).
struct ManifestKeys {
  SealKeys seal{};
  DigestKey original{}, mac{};  // for the digests of the original and of the encrypted files

  static ManifestKeys derive(const KeySchedule& schedule);
};

// Completes `sealed` with the sizes and the digest of the original files, of which `original` are
// the tags under keys.original.
void record_original(SealedPlan& sealed, const std::vector<FileTags>& original,
                     const ManifestKeys& keys);

// The entries' bytes with zeros for a MAC.
std::string unsigned_manifest(const OpenManifest& open, const SealedPlan& sealed,
                              const ManifestKeys& keys);

// The entries' bytes, complete: seals the plan, extends copied.outputs[0] by the manifest, and
// computes the MAC.
std::string make_manifest(const OpenManifest& open, const SealedPlan& sealed,
                          const ManifestKeys& keys, CopyResult& copied);

// Whether the model has any permcrypt.* entry.
bool has_manifest(const Model& model);

// Errors: kState when the model has no permcrypt.* entry at all; kResult when the manifest is
// damaged; kInput when it is of a later format.
Result<Manifest> read_manifest(const Model& model);

// The manifest of a file that cannot be read as a model any more, found by its entries' keys alone.
// Nothing when there is no trace of one. Errors (kResult): it is damaged as well.
std::optional<Result<Manifest>> find_manifest(std::string_view file);

// kKey when the model was encrypted under another key.
Result<void> check_key_id(const OpenManifest& open, std::string_view key_id);

// Errors (kResult): not sealed under this key with this open part, or damaged. A format that is not
// the one it was sealed with does not matter.
Result<SealedPlan> unseal(const Manifest& manifest, const ManifestKeys& keys);

// Whether `files`, the tags of all files under keys.mac with the MAC as zeros, are those of the
// encrypted model. Errors (kResult): a file was changed.
Result<void> check_mac(const Manifest& manifest, const std::vector<FileTags>& files,
                       const ManifestKeys& keys);

}  // namespace permcrypt
