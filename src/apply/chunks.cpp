// Digests: Poly1305 tags of 1 MiB chunks under one-time keys, then one keyed BLAKE2b over the tags.
// Poly1305 runs at the speed of memory and BLAKE2b does not; the tags are never published.
#include "apply/chunks.h"

#include <sodium.h>

#include <algorithm>
#include <string>

#include "apply/poly1305.h"
#include "base/parallel.h"

namespace permcrypt {
namespace {

std::array<std::uint8_t, 8> little_endian(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes;
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
  return bytes;
}

// The keyed BLAKE2b of a sequence of numbers and tags.
class DigestState {
 public:
  explicit DigestState(const DigestKey& key) {
    crypto_generichash_init(&state_, key.data(), key.size(), sizeof(Digest));
  }
  void add(std::uint64_t number) { add(little_endian(number)); }
  template <std::size_t N>
  void add(const std::array<std::uint8_t, N>& bytes) {
    crypto_generichash_update(&state_, bytes.data(), bytes.size());
  }
  Digest finish() {
    Digest digest;
    crypto_generichash_final(&state_, digest.data(), digest.size());
    return digest;
  }

 private:
  crypto_generichash_state state_;
};

}  // namespace

ChunkTag tag_chunk(std::string_view bytes, const DigestKey& key, std::uint64_t file,
                   std::uint64_t chunk) {
  static_assert(crypto_stream_chacha20_NONCEBYTES == 8);
  Poly1305Key once{};
  const auto nonce = little_endian(file);
  crypto_stream_chacha20_xor_ic(once.data(), once.data(), once.size(), nonce.data(), chunk,
                                key.data());
  const ChunkTag tag = poly1305(bytes, once);
  sodium_memzero(once.data(), once.size());
  return tag;
}

ChunkTag tag_input_chunk(std::string_view bytes, std::uint64_t size, const DigestKey& key,
                         std::uint64_t file, std::uint64_t chunk, bool ends_in_mac) {
  const std::uint64_t begin = chunk * kChunkBytes;
  const std::uint64_t mac = size - std::min(size, kMacText);
  if (!ends_in_mac || mac >= begin + bytes.size()) return tag_chunk(bytes, key, file, chunk);
  std::string masked(bytes);
  std::fill(masked.begin() + (std::max(mac, begin) - begin), masked.end(), '0');
  return tag_chunk(masked, key, file, chunk);
}

Digest digest_files(const std::vector<FileTags>& files, const DigestKey& key) {
  DigestState state(key);
  state.add(files.size());
  for (const FileTags& file : files) {
    state.add(file.size);
    for (const ChunkTag& tag : file.tags) state.add(tag);
  }
  return state.finish();
}

Result<std::vector<FileTags>> tag_files(const std::vector<std::filesystem::path>& files,
                                        const DigestKey& key, bool mac_in_first, unsigned threads) {
  std::vector<FileTags> result;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto file = MappedFile::open(files[i]);
    if (!file) return fail(std::move(file.error()));
    FileTags tags{file->size(), std::vector<ChunkTag>(chunk_count(file->size()))};
    auto done = parallel_for(tags.tags.size(), threads, [&](std::size_t chunk) -> Result<void> {
      // Bytes that are looked at once, in order, are copied faster than their pages are mapped.
      thread_local std::string bytes;
      const std::uint64_t begin = chunk * kChunkBytes;
      bytes.resize(std::min(kChunkBytes, file->size() - begin));
      if (auto done = file->read(begin, bytes); !done) return done;
      tags.tags[chunk] =
          tag_input_chunk(bytes, file->size(), key, i, chunk, mac_in_first && i == 0);
      return {};
    });
    if (!done) return fail(std::move(done.error()));
    result.push_back(std::move(tags));
  }
  return result;
}

void append_tags(FileTags& tags, std::string_view partial, std::string_view bytes,
                 const DigestKey& key, std::uint64_t file) {
  tags.size += bytes.size();
  const auto tag = [&](std::string_view chunk) {
    tags.tags.push_back(tag_chunk(chunk, key, file, tags.tags.size()));
  };
  if (!partial.empty()) {  // the last chunk has grown
    std::string chunk(partial);
    chunk += bytes.substr(0, kChunkBytes - partial.size());
    bytes.remove_prefix(chunk.size() - partial.size());
    tags.tags.pop_back();
    tag(chunk);
  }
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kChunkBytes, bytes.size()))) {
    tag(bytes.substr(0, kChunkBytes));
  }
}

}  // namespace permcrypt
