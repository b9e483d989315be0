#include "permcrypt/token.h"

#include <algorithm>
#include <utility>

#include "permcrypt/client_map.h"
#include "write/client_graphs.h"
#include "write/encrypted_model.h"

namespace permcrypt {

namespace {

bool carries_data(const SealedPlan& sealed) {
  return std::ranges::any_of(sealed.options, [](const auto& option) {
    return option.first == "carry" && option.second != "key";
  });
}

}  // namespace

Result<Token> make_token(const std::filesystem::path& model, const KeyOptions& key) {
  const auto encrypted = read_encrypted(model);
  if (!encrypted) return fail(encrypted.error());
  const auto secret = find_key(key);
  if (!secret) return fail(secret.error());
  const auto opened = open_with(*secret, *encrypted);
  if (!opened) return fail(opened.error());
  const Plan& plan = opened->sealed.plan;
  Token token;
  if (!encrypted->key_input.empty()) token.vector = token_vector(plan, opened->groups);
  if (carries_data(opened->sealed)) {
    auto graphs = make_client_graphs(encrypted->model.structure, encrypted->key_input,
                                     client_maps(plan, opened->groups));
    if (!graphs) return fail(graphs.error());
    token.graphs = *std::move(graphs);
  }
  return token;
}

}  // namespace permcrypt
