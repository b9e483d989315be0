#include "verify/subject.h"

#include <utility>

#include "write/encrypted_model.h"

namespace permcrypt {

Result<Subject> open_subject(const std::filesystem::path& path, const KeyOptions& key_options) {
  auto model = read_model(path);
  if (!model) return fail(explain_unreadable(path, model.error(), key_options));
  auto encrypted = as_encrypted(*std::move(model));
  if (!encrypted) return fail(explain_unreadable(path, encrypted.error(), key_options));
  auto key = find_key(key_options);
  if (!key) return fail(key.error());
  auto opened = open_with(*key, *encrypted);
  if (!opened) return fail(opened.error());
  return Subject{*std::move(key),
                 encrypted->model.files[0].path,
                 paths_of(encrypted->model),
                 std::move(encrypted->model.structure),
                 *std::move(encrypted->manifest),
                 opened->keys,
                 std::move(opened->sealed),
                 std::move(opened->groups)};
}

}  // namespace permcrypt
