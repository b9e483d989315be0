#include "write/encrypted_model.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "read/wire.h"
#include "write/inserted_names.h"
#include "write/output_names.h"

namespace permcrypt {
namespace {

// Instead of the input there is an initializer in a data file, which holds the token.
bool is_unlocked(const Model& model) {
  return std::ranges::any_of(model.tensors, [](const Tensor& tensor) {
    return tensor.external && tensor.scope.empty() && tensor.name.starts_with(kKeyInputPrefix);
  });
}

std::string with_length(std::string_view content) {
  std::string out;
  wire::append_varint(out, content.size());
  return out.append(content);
}

// What encrypt called a data file. A new name is an edit of the content of a string field and,
// where its length changed, of the length right before it.
std::string data_file_name(const Plan& plan, const std::string& original) {
  for (const Edit& edit : plan.edits) {
    if (edit.original == original) return edit.replacement;
    if (edit.original != with_length(original)) continue;
    std::uint64_t content = 0;
    wire::read_varint(edit.replacement, content, edit.replacement.size());
    return edit.replacement.substr(content);
  }
  return original;
}

bool misses_data_file(const Plan& plan, const std::filesystem::path& folder) {
  return std::ranges::any_of(plan.data_files, [&](const std::string& original) {
    std::error_code ignored;
    return !std::filesystem::exists(folder / data_file_name(plan, original), ignored);
  });
}

}  // namespace

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
  if (encrypted && encrypted->key_input.empty() && is_unlocked(encrypted->model)) {
    return fail(ErrorKind::kState, in_quotes(path.native()) + " takes no token",
                "this is an unlocked copy: name the encrypted model");
  }
  return encrypted;
}

Result<OpenedModel> open_with(const SecretKey& key, const Manifest& manifest) {
  if (auto done = check_key_id(manifest.open, key.id()); !done) return fail(done.error());
  const KeySchedule schedule(key, manifest.open.salt);
  const ManifestKeys keys = ManifestKeys::derive(schedule);
  auto sealed = unseal(manifest, keys);
  if (!sealed) return fail(sealed.error());
  auto groups = derive_permutations(schedule, sealed->plan);
  return OpenedModel{keys, *std::move(sealed), std::move(groups)};
}

Result<OpenedModel> open_with(const SecretKey& key, const EncryptedModel& encrypted) {
  if (!encrypted.manifest) return fail(encrypted.manifest.error());
  return open_with(key, *encrypted.manifest);
}

Error explain_unreadable(const std::filesystem::path& path, Error error,
                         const KeyOptions& options) {
  if (error.kind != ErrorKind::kInput) return error;
  const auto file = MappedFile::open(model_file(path));
  if (!file) return error;
  const auto manifest = find_manifest(file->bytes());
  if (!manifest) return error;
  const auto key = find_key(options);
  if (!key) return error;
  if (!*manifest) return manifest->error();
  const auto opened = open_with(*key, **manifest);
  if (!opened) {
    const bool other =
        opened.error().kind == ErrorKind::kKey || (*manifest)->open.format > kFormatVersion;
    return other ? error : opened.error();
  }
  if (misses_data_file(opened->sealed.plan, file->path().parent_path())) return error;
  return {ErrorKind::kResult, "the model was changed: " + error.message, "use an intact copy"};
}

}  // namespace permcrypt
