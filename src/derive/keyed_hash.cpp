#include "derive/keyed_hash.h"

#include <sodium.h>

namespace permcrypt {
namespace {

constexpr std::string_view kContext = "permcrypt/v1";

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::array<char, 8> little_endian(std::uint64_t value) {
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 255);
    value >>= 8;
  }
  return bytes;
}

}  // namespace

KeyedHash keyed_hash(std::string_view key, const HashInput& input) {
  crypto_generichash_state state;
  KeyedHash hash;
  crypto_generichash_init(&state, raw(key), key.size(), hash.size());
  // The length before each field makes the encoding injective.
  const auto feed = [&](std::string_view field) {
    const std::array<char, 8> length = little_endian(field.size());
    crypto_generichash_update(&state, raw({length.data(), length.size()}), length.size());
    crypto_generichash_update(&state, raw(field), field.size());
  };
  const std::array<char, 8> index = little_endian(input.index);
  feed(kContext);
  feed(input.purpose);
  feed(input.salt);
  feed(input.item);
  feed({index.data(), index.size()});
  crypto_generichash_final(&state, hash.data(), hash.size());
  sodium_memzero(&state, sizeof state);
  return hash;
}

}  // namespace permcrypt
