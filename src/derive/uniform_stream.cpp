#include "derive/uniform_stream.h"

#include <sodium.h>

#include <algorithm>

namespace permcrypt {

UniformStream::~UniformStream() {
  sodium_memzero(key_.data(), key_.size());
  sodium_memzero(buffer_.data(), filled_);
}

// Fills grow, so that small permutations pay for few blocks and large ones for few calls.
void UniformStream::refill() {
  constexpr std::uint8_t kNonce[crypto_stream_chacha20_NONCEBYTES] = {};
  filled_ = std::min(std::max(2 * filled_, 4 * kBlockSize), kMaxFill);
  std::fill_n(buffer_.begin(), filled_, std::uint8_t{0});
  crypto_stream_chacha20_xor_ic(buffer_.data(), buffer_.data(), filled_, kNonce, next_block_,
                                key_.data());
  next_block_ += filled_ / kBlockSize;
  position_ = 0;
}

}  // namespace permcrypt
