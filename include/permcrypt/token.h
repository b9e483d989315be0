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

// Two small ONNX graphs, serialised, for the user's side of a model that takes scrambled data: `in`
// takes every input by its name and emits NAME.scrambled, `out` takes NAME.scrambled for every
// output and emits NAME. What no client map touches passes through.
struct ClientGraphs {
  std::string in, out;
};

struct Token {
  // The index vectors of all locks, for the model's input permcrypt_key.
  std::optional<std::vector<std::int32_t>> vector;
  // When the data carries the key.
  std::optional<ClientGraphs> graphs;
  std::optional<std::string> tokenizer;  // renumbered, when one was given
};

// The token of an encrypted model. Errors: kInput; kState when it is not encrypted, or an unlocked
// copy; kKey; kResult when its manifest was changed. `tokenizer`: a tokenizer.json of Hugging Face
// whose ids are renumbered as the data is; kInput when it is none, or its ids do not fit the model.
Result<Token> make_token(const std::filesystem::path& model, const KeyOptions& key,
                         const std::optional<std::filesystem::path>& tokenizer = {});

struct UnlockRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out;  // default: X.unlocked.onnx beside X.enc.onnx
  std::filesystem::path token_file;          // where the token came from: no output
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
