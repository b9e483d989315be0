// A secret key under a passphrase: PERMCRYPT-SEALED-KEY-1..., Bech32 of
//
//   passes (u32) | memory in KiB (u32) | salt (16) | nonce (24) | sealed key (32 + 16)
//
// integers little-endian. Argon2id turns the passphrase into a key, XChaCha20-Poly1305 seals the
// secret with it and authenticates all that stands before.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt {

// The cost of one guess. The bounds keep a hostile file from exhausting memory or patience.
struct SealCost {
  static constexpr std::uint32_t kMaxPasses = 16;
  static constexpr std::uint32_t kMinMemoryKib = 8, kMaxMemoryKib = 1u << 20;

  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 256u << 10;

  bool is_sane() const {
    return passes >= 1 && passes <= kMaxPasses && memory_kib >= kMinMemoryKib &&
           memory_kib <= kMaxMemoryKib;
  }
};

struct SealRandomness {
  std::array<unsigned char, 16> salt;
  std::array<unsigned char, 24> nonce;
  static SealRandomness draw();
};

// The sealed line. REQUIRES: cost.is_sane(). Errors (kKey): not enough memory for `cost`.
Result<std::string> seal_key(const SecretKey& key, std::string_view passphrase,
                             const SealCost& cost = {},
                             const SealRandomness& random = SealRandomness::draw());

// Errors (kKey): damaged, a cost out of bounds, not enough memory, wrong passphrase.
Result<SecretKey> open_sealed_key(std::string_view line, std::string_view passphrase);

}  // namespace permcrypt
