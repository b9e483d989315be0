#include "apply/poly1305.h"

#include <sodium.h>

#ifdef PERMCRYPT_HAVE_OPENSSL
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#endif

namespace permcrypt {
namespace {

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

#ifdef PERMCRYPT_HAVE_OPENSSL
struct Free {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// False where this OpenSSL has no Poly1305: a build for FIPS, say.
bool openssl_poly1305(std::string_view bytes, const Poly1305Key& once, Poly1305Tag& tag) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  const std::unique_ptr<EVP_MAC, Free> mac(EVP_MAC_fetch(nullptr, "POLY1305", nullptr));
  if (mac == nullptr) return false;
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(mac.get()));
  std::size_t written = 0;
  return context != nullptr &&
         EVP_MAC_init(context.get(), once.data(), once.size(), nullptr) == 1 &&
         EVP_MAC_update(context.get(), data_of(bytes), bytes.size()) == 1 &&
         EVP_MAC_final(context.get(), tag.data(), &written, tag.size()) == 1 &&
         written == tag.size();
}
#endif

}  // namespace

Poly1305Tag poly1305(std::string_view bytes, const Poly1305Key& once) {
  static_assert(crypto_onetimeauth_KEYBYTES == sizeof(Poly1305Key));
  static_assert(crypto_onetimeauth_BYTES == sizeof(Poly1305Tag));
  Poly1305Tag tag;
#ifdef PERMCRYPT_HAVE_OPENSSL
  if (openssl_poly1305(bytes, once, tag)) return tag;
#endif
  crypto_onetimeauth(tag.data(), data_of(bytes), bytes.size(), once.data());
  return tag;
}

}  // namespace permcrypt
