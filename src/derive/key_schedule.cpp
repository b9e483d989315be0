#include <sodium.h>

#include <algorithm>
#include <numeric>

#include "derive/keyed_hash.h"
#include "derive/uniform_stream.h"
#include "permcrypt/key.h"

namespace permcrypt {
namespace {

template <std::size_t N>
std::string_view view(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

// Fisher-Yates, downwards. Targets are drawn some steps ahead of their swaps: on an axis larger
// than the caches, the time goes into waiting for their memory.
void shuffle(std::vector<std::uint32_t>& order, UniformStream& stream) {
  constexpr std::size_t kAhead = 64;
  std::array<std::uint32_t, kAhead> targets;
  for (std::size_t left = order.size(); left > 1;) {
    const std::size_t steps = std::min(kAhead, left - 1);
    for (std::size_t i = 0; i < steps; ++i) {
      targets[i] = stream.below(static_cast<std::uint32_t>(left - i));
      __builtin_prefetch(&order[targets[i]], 1);
    }
    for (std::size_t i = 0; i < steps; ++i) std::swap(order[left - 1 - i], order[targets[i]]);
    left -= steps;
  }
}

// The next permutation of the stream that is not the identity, where there is another.
Permutation draw(std::uint64_t size, UniformStream& stream) {
  std::vector<std::uint32_t> order(size);
  do {
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order, stream);
  } while (size >= 2 && std::is_sorted(order.begin(), order.end()));
  return Permutation(std::move(order));
}

}  // namespace

struct KeySchedule::Impl {
  SecretKey key;
  Salt salt;
};

KeySchedule::KeySchedule(const SecretKey& key, const Salt& salt)
    : impl_(new Impl{SecretKey::from_bytes(key.bytes()), salt}) {}

KeySchedule::~KeySchedule() = default;

KeySchedule::Subkey KeySchedule::subkey(std::string_view purpose, std::string_view item,
                                        std::uint64_t index) const {
  return keyed_hash(impl_->key.bytes(), {purpose, view(impl_->salt), item, index});
}

Permutation KeySchedule::permutation(const GroupId& id, std::uint64_t size, std::uint64_t fibre,
                                     std::uint32_t redraws) const {
  Subkey key = subkey("permutation", view(id), fibre);
  UniformStream stream(key);
  sodium_memzero(key.data(), key.size());
  Permutation result = draw(size, stream);
  for (; redraws > 0; --redraws) result = draw(size, stream);
  return result;
}

Salt derive_salt(const SecretKey& key, std::string_view content) {
  return keyed_hash(key.bytes(), {.purpose = "salt", .item = content});
}

}  // namespace permcrypt
