#include "write/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace permcrypt {
namespace {

constexpr std::size_t kStep = 1 << 16;

// zlib counts what it is given in 32 bits.
void feed(z_stream& stream, std::string_view& rest) {
  if (stream.avail_in > 0) return;
  const std::size_t step = std::min<std::size_t>(rest.size(), 1u << 30);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
  stream.avail_in = static_cast<uInt>(step);
  rest.remove_prefix(step);
}

}  // namespace

std::string deflate_bytes(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL,
               Z_DEFAULT_STRATEGY);
  std::string out;
  std::array<char, kStep> buffer;
  int status = Z_OK;
  while (status == Z_OK) {
    feed(stream, bytes);
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    status = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

std::optional<std::string> inflate_bytes(std::string_view compressed, std::size_t limit) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  std::string out;
  std::array<char, kStep> buffer;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= limit) {
    feed(stream, compressed);
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = buffer.size();
    status = inflate(&stream, Z_NO_FLUSH);  // Z_BUF_ERROR when the input ends early
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0 && compressed.empty();
  inflateEnd(&stream);
  if (!whole || out.size() > limit) return std::nullopt;
  return out;
}

}  // namespace permcrypt
