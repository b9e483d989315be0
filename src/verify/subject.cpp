#include "verify/subject.h"

namespace permcrypt {

Result<Subject> open_subject(const std::filesystem::path& path, const KeyOptions& key_options) {
  auto model = read_model(path);
  if (!model) return tl::unexpected(model.error());
  auto manifest = read_manifest(*model);
  if (!manifest) return tl::unexpected(manifest.error());
  auto key = find_key(key_options);
  if (!key) return tl::unexpected(key.error());
  if (auto same = check_key_id(manifest->open, key->id()); !same)
    return tl::unexpected(same.error());
  const KeySchedule schedule(*key, manifest->open.salt);
  Subject out;
  out.path = model->files[0].path;
  for (const ModelFile& file : model->files) out.files.push_back(file.path);
  out.keys = ManifestKeys::derive(schedule);
  auto sealed = unseal(*manifest, out.keys);
  if (!sealed) return tl::unexpected(sealed.error());
  out.manifest = *std::move(manifest);
  out.sealed = *std::move(sealed);
  out.groups = derive_permutations(schedule, out.sealed.plan);
  return out;
}

}  // namespace permcrypt
