#include "write/seal.h"

#include <sodium.h>

namespace permcrypt {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* data_of(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string seal_bytes(std::string_view plain, std::string_view context, const SealKeys& keys) {
  std::string out(kNonceBytes + plain.size() + kTagBytes, '\0');
  crypto_generichash_state state;
  crypto_generichash_init(&state, keys.nonce.data(), keys.nonce.size(), kNonceBytes);
  crypto_generichash_update(&state, data_of(context), context.size());
  crypto_generichash_update(&state, data_of(plain), plain.size());
  crypto_generichash_final(&state, data_of(out), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(data_of(out) + kNonceBytes, nullptr, data_of(plain),
                                             plain.size(), data_of(context), context.size(),
                                             nullptr, data_of(out), keys.seal.data());
  return out;
}

std::optional<std::string> unseal_bytes(std::string_view sealed, std::string_view context,
                                        const SealKeys& keys) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string plain(sealed.size() - kNonceBytes - kTagBytes, '\0');
  const int status = crypto_aead_xchacha20poly1305_ietf_decrypt(
      data_of(plain), nullptr, nullptr, data_of(sealed) + kNonceBytes, sealed.size() - kNonceBytes,
      data_of(context), context.size(), data_of(sealed), keys.seal.data());
  if (status != 0) return std::nullopt;
  return plain;
}

}  // namespace permcrypt
