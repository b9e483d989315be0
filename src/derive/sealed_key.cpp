#include "derive/sealed_key.h"

#include <sodium.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "derive/bech32.h"
#include "derive/guarded.h"
#include "derive/key_text.h"

namespace permcrypt {
namespace {

constexpr std::size_t kPassesAt = 0, kMemoryAt = 4, kSaltAt = 8;
constexpr std::size_t kNonceAt = kSaltAt + crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kBoxAt = kNonceAt + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kSealedSize =
    kBoxAt + SecretKey::kSize + crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kSealedSize == 96);

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

void put_u32(unsigned char* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<unsigned char>(value >> 8 * i);
}

std::uint32_t get_u32(const unsigned char* at) {
  return at[0] | at[1] << 8 | at[2] << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

Result<GuardedBuffer> stretch(std::string_view passphrase, const SealCost& cost,
                              const unsigned char* salt) {
  GuardedBuffer key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  key.resize(key.capacity());
  if (crypto_pwhash_argon2id(key.data(), key.size(), passphrase.data(), passphrase.size(), salt,
                             cost.passes, std::size_t{cost.memory_kib} * 1024,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return fail(ErrorKind::kKey, "not enough memory for the passphrase",
                "it takes " + std::to_string(cost.memory_kib / 1024) + " MiB");
  }
  return key;
}

}  // namespace

SealRandomness SealRandomness::draw() {
  SealRandomness random;
  randombytes_buf(random.salt.data(), random.salt.size());
  randombytes_buf(random.nonce.data(), random.nonce.size());
  return random;
}

Result<std::string> seal_key(const SecretKey& key, std::string_view passphrase,
                             const SealCost& cost, const SealRandomness& random) {
  std::array<unsigned char, kSealedSize> sealed;
  put_u32(sealed.data() + kPassesAt, cost.passes);
  put_u32(sealed.data() + kMemoryAt, cost.memory_kib);
  std::memcpy(sealed.data() + kSaltAt, random.salt.data(), random.salt.size());
  std::memcpy(sealed.data() + kNonceAt, random.nonce.data(), random.nonce.size());

  Result<GuardedBuffer> stretched = stretch(passphrase, cost, sealed.data() + kSaltAt);
  if (!stretched) return fail(stretched.error());
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + kBoxAt, nullptr, raw(key.bytes()),
                                             SecretKey::kSize, sealed.data(), kBoxAt, nullptr,
                                             sealed.data() + kNonceAt, stretched->data());
  return bech32_encode(kSealedPrefix,
                       {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
}

Result<SecretKey> open_sealed_key(std::string_view line, std::string_view passphrase) {
  const std::optional<Bech32> decoded = bech32_decode(line);
  if (!decoded || decoded->prefix != kSealedPrefix || decoded->bytes.size() != kSealedSize) {
    return damaged_key();
  }
  const unsigned char* sealed = raw(decoded->bytes);
  const SealCost cost{get_u32(sealed + kPassesAt), get_u32(sealed + kMemoryAt)};
  if (!cost.is_sane()) {
    return fail(ErrorKind::kKey, "the sealed key asks for too much time or memory",
                "permcrypt never writes such a key: do not trust its origin");
  }
  Result<GuardedBuffer> stretched = stretch(passphrase, cost, sealed + kSaltAt);
  if (!stretched) return fail(stretched.error());
  GuardedBuffer opened(SecretKey::kSize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(opened.data(), nullptr, nullptr, sealed + kBoxAt,
                                                 kSealedSize - kBoxAt, sealed, kBoxAt,
                                                 sealed + kNonceAt, stretched->data()) != 0) {
    return fail(ErrorKind::kKey, "wrong passphrase", "give the one that the key was sealed with");
  }
  opened.resize(SecretKey::kSize);
  return SecretKey::from_bytes(opened.view());
}

}  // namespace permcrypt
