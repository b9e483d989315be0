// Unbiased random numbers from a ChaCha20 stream (docs/format.md, "Permutations").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace permcrypt {

class UniformStream {
 public:
  using Key = std::array<std::uint8_t, 32>;

  explicit UniformStream(const Key& key) : key_(key) {}
  ~UniformStream();  // wipes
  UniformStream(const UniformStream&) = delete;
  UniformStream& operator=(const UniformStream&) = delete;

  // Uniform in [0, bound). REQUIRES: bound >= 1.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{next_word()} * bound;
    // The test spares a division in all but bound / 2^32 of the draws (Lemire, 2019).
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t excess = -bound % bound;  // 2^32 mod bound
      while (static_cast<std::uint32_t>(product) < excess) {
        product = std::uint64_t{next_word()} * bound;
      }
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  static constexpr std::size_t kBlockSize = 64;
  static constexpr std::size_t kMaxFill = 64 * kBlockSize;

  std::uint32_t next_word() {
    if (position_ == filled_) refill();
    const std::uint8_t* at = buffer_.data() + position_;
    position_ += 4;
    return at[0] | at[1] << 8 | at[2] << 16 | std::uint32_t{at[3]} << 24;
  }
  void refill();

  Key key_;
  std::uint64_t next_block_ = 0;
  std::size_t position_ = 0, filled_ = 0;
  std::array<std::uint8_t, kMaxFill> buffer_;
};

}  // namespace permcrypt
