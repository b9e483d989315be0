#include <sodium.h>

#include <cstring>

#include "derive/bech32.h"
#include "derive/guarded.h"
#include "derive/key_text.h"
#include "derive/keyed_hash.h"
#include "permcrypt/key.h"

namespace permcrypt {
namespace {

constexpr std::size_t kIdSize = 20;  // public, so only accidents need be unlikely

}  // namespace

void SecretKey::Wipe::operator()(unsigned char* bytes) const { sodium_free(bytes); }

SecretKey SecretKey::generate() {
  SecretKey key;
  key.bytes_.reset(guarded_alloc(kSize));
  randombytes_buf(key.bytes_.get(), kSize);
  sodium_mprotect_readonly(key.bytes_.get());
  return key;
}

SecretKey SecretKey::from_bytes(std::string_view bytes) {
  SecretKey key;
  key.bytes_.reset(guarded_alloc(kSize));
  std::memcpy(key.bytes_.get(), bytes.data(), kSize);
  sodium_mprotect_readonly(key.bytes_.get());
  return key;
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
  const Result<KeyText> parts = split_key_text(text);
  if (!parts) return fail(parts.error());
  if (parts->sealed) {
    return fail(ErrorKind::kKey, "the key is sealed with a passphrase",
                "open it with the passphrase first");
  }
  std::optional<Bech32> decoded = bech32_decode(parts->line);
  if (!decoded) return damaged_key();
  const WipeOnExit wipe(decoded->bytes);
  if (decoded->prefix != kSecretPrefix || decoded->bytes.size() != kSize) return damaged_key();
  return from_bytes(decoded->bytes);
}

std::string_view SecretKey::bytes() const {
  return {reinterpret_cast<const char*>(bytes_.get()), kSize};
}

std::string SecretKey::id() const {
  const KeyedHash hash = keyed_hash(bytes(), {.purpose = "key id"});
  return bech32_encode(kIdPrefix, {reinterpret_cast<const char*>(hash.data()), kIdSize});
}

std::string SecretKey::to_text() const { return bech32_encode(kSecretPrefix, bytes()); }

Result<KeyFileInfo> inspect_key_text(std::string_view text) {
  const Result<KeyText> parts = split_key_text(text);
  if (!parts)
    return fail(ErrorKind::kInput, "not a key file", "a key file is what permcrypt keygen writes");
  KeyFileInfo info{parts->sealed, parts->id, parts->created};
  if (!info.sealed) {
    const Result<SecretKey> key = SecretKey::parse(text);
    if (!key) return fail(key.error());
    info.id = key->id();  // the secret knows better than a comment
  }
  return info;
}

}  // namespace permcrypt
