#include "write/encrypted_model.h"

#include <utility>

#include "base/quote.h"
#include "write/inserted_names.h"

namespace permcrypt {

std::vector<std::filesystem::path> paths_of(const Model& model) {
  std::vector<std::filesystem::path> paths;
  for (const ModelFile& file : model.files) paths.push_back(file.path);
  return paths;
}

Result<EncryptedModel> as_encrypted(Model model) {
  auto manifest = read_manifest(model);
  if (!manifest && manifest.error().kind != ErrorKind::kResult) return fail(manifest.error());
  std::string key_input = find_key_input(model.structure.graph());
  return EncryptedModel{std::move(model), std::move(manifest), std::move(key_input)};
}

Result<EncryptedModel> read_encrypted(const std::filesystem::path& path) {
  auto model = read_model(path);
  if (!model) return fail(model.error());
  auto encrypted = as_encrypted(*std::move(model));
  if (encrypted && encrypted->key_input.empty()) {
    return fail(ErrorKind::kState, in_quotes(path.native()) + " takes no token",
                "this is an unlocked copy: name the encrypted model");
  }
  return encrypted;
}

Result<OpenedModel> open_with(const SecretKey& key, const EncryptedModel& encrypted) {
  if (!encrypted.manifest) return fail(encrypted.manifest.error());
  const Manifest& manifest = *encrypted.manifest;
  if (auto done = check_key_id(manifest.open, key.id()); !done) return fail(done.error());
  const KeySchedule schedule(key, manifest.open.salt);
  const ManifestKeys keys = ManifestKeys::derive(schedule);
  auto sealed = unseal(manifest, keys);
  if (!sealed) return fail(sealed.error());
  auto groups = derive_permutations(schedule, sealed->plan);
  return OpenedModel{keys, *std::move(sealed), std::move(groups)};
}

}  // namespace permcrypt
