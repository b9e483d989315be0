#include "permcrypt/token.h"

#include <utility>

#include "write/encrypted_model.h"

namespace permcrypt {

Result<std::vector<std::int32_t>> make_token(const std::filesystem::path& model,
                                             const KeyOptions& key) {
  const auto encrypted = read_encrypted(model);
  if (!encrypted) return fail(encrypted.error());
  const auto secret = find_key(key);
  if (!secret) return fail(secret.error());
  const auto opened = open_with(*secret, *encrypted);
  if (!opened) return fail(opened.error());
  return token_vector(opened->sealed.plan, opened->groups);
}

}  // namespace permcrypt
