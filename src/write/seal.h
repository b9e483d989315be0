// Bytes that only the key holder can read, and nobody can change unnoticed: XChaCha20-Poly1305.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "permcrypt/key.h"

namespace permcrypt {

// Subkeys of one (key, salt).
struct SealKeys {
  KeySchedule::Subkey seal{}, nonce{};
};

// Nonce, ciphertext, tag. `context` is not sealed, but what is can only be opened in the same. The
// nonce is a PRF of both: equal only for equal contents.
std::string seal_bytes(std::string_view plain, std::string_view context, const SealKeys& keys);

// Nothing when `sealed` is not a seal of these keys in this context.
std::optional<std::string> unseal_bytes(std::string_view sealed, std::string_view context,
                                        const SealKeys& keys);

}  // namespace permcrypt
