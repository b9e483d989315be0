// Tokens: what a licensed user feeds to a model to run it. They do not decrypt it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt {

// The token of an encrypted model: the index vectors of all its locks, for its input permcrypt_key.
// Errors: kInput; kState when it is not encrypted, or takes no token; kKey; kResult when its
// manifest was changed.
Result<std::vector<std::int32_t>> make_token(const std::filesystem::path& model,
                                             const KeyOptions& key);

struct UnlockRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out;  // default: X.unlocked.onnx beside X.enc.onnx
  bool force = false;
  unsigned threads = 0;
};

// A private copy of an encrypted model for programs that cannot feed one more input: the token
// becomes an initializer in the external data file OUT.key (mode 0600). Weights in data files stay
// where they are, so that OUT has to be in the folder of the model if there are any (else kUsage).
// Returns what was written, the .onnx first. Errors: kInput, also for a token of another length;
// kState when the model is not encrypted, or takes no token; kOutput.
Result<std::vector<std::filesystem::path>> unlock(const UnlockRequest& request,
                                                  std::span<const std::int32_t> token);

}  // namespace permcrypt
