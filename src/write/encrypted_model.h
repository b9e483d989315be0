// An encrypted model as token, unlock, decrypt and inspect meet it: read, recognised, and, with the
// key, opened.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "write/manifest.h"

namespace permcrypt {

std::vector<std::filesystem::path> paths_of(const Model& model);

// A model that permcrypt wrote. A damaged manifest is no error yet: a missing key comes first.
struct EncryptedModel {
  Model model;
  Result<Manifest> manifest;
  std::string key_input;  // the graph input that takes the token; "" when there is none
};

// A model that has a manifest. Errors: kState when it has none; kInput when it is of a later
// format.
Result<EncryptedModel> as_encrypted(Model model);

// The same from a file. Errors: kInput; kState when it is not encrypted, or is an unlocked copy.
Result<EncryptedModel> read_encrypted(const std::filesystem::path& path);

// What the key opens.
struct OpenedModel {
  ManifestKeys keys;
  SealedPlan sealed;
  std::vector<Permutation> groups;  // of sealed.plan
};

// What to say of a file that cannot be read, with `error`, and that may be an encrypted model that
// somebody changed: kResult when it has a manifest that `options` find the key of, and no data file
// is missing; else `error` itself.
Error explain_unreadable(const std::filesystem::path& path, Error error, const KeyOptions& options);

// Errors: kKey for another key than the model's; kResult when the manifest was changed.
Result<OpenedModel> open_with(const SecretKey& key, const EncryptedModel& encrypted);

}  // namespace permcrypt
