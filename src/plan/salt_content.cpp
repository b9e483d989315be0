#include "plan/salt_content.h"

#include <sodium.h>

#include <algorithm>
#include <vector>

namespace permcrypt {
namespace {

constexpr std::uint64_t kWhole = 4096;  // payloads up to this size are hashed whole
constexpr std::uint64_t kSamples = 16, kSampleBytes = 256;

class Content {
 public:
  Content() { crypto_generichash_init(&state_, nullptr, 0, 32); }

  void number(std::uint64_t n) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(n >> (8 * i));
    crypto_generichash_update(&state_, bytes, sizeof bytes);
  }
  void field(std::string_view bytes) {
    number(bytes.size());
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
  }
  std::string finish() {
    std::string hash(32, '\0');
    crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    return hash;
  }

 private:
  crypto_generichash_state state_;
};

// The payloads, each once, in the order of the files.
std::vector<ByteSpan> payloads_of(const Model& model) {
  std::vector<ByteSpan> spans;
  for (const Tensor& tensor : model.tensors) {
    if (tensor.payload) spans.push_back(*tensor.payload);
  }
  const auto key = [](const ByteSpan& s) { return std::tie(s.file, s.offset, s.length); };
  std::ranges::sort(spans, {}, key);
  spans.erase(std::unique(spans.begin(), spans.end()), spans.end());
  return spans;
}

// The bytes of the .onnx that no payload covers.
Result<void> add_structure(const Model& model, const std::vector<ByteSpan>& spans,
                           PayloadReader& reader, Content& content) {
  std::uint64_t at = 0;
  const auto add_until = [&](std::uint64_t end) -> Result<void> {
    if (end <= at) return {};
    const auto bytes = reader.bytes({0, at, end - at});
    if (!bytes) return fail(bytes.error());
    content.field(*bytes);
    return {};
  };
  for (const ByteSpan& span : spans) {
    if (span.file != 0) break;
    if (auto done = add_until(span.offset); !done) return done;
    at = std::max(at, span.offset + span.length);
  }
  return add_until(model.files[0].size);
}

Result<void> add_sample(const ByteSpan& span, PayloadReader& reader, Content& content) {
  content.number(span.length);
  const bool whole = span.length <= kWhole;
  const std::uint64_t count = whole ? 1 : kSamples;
  const std::uint64_t size = whole ? span.length : kSampleBytes;
  const std::uint64_t range = span.length - size, gaps = kSamples - 1;
  const auto payload = reader.bytes(span);
  if (!payload) return fail(payload.error());
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = range / gaps * i + range % gaps * i / gaps;  // range * i / gaps
    content.field(payload->substr(at, size));
  }
  return {};
}

}  // namespace

Result<std::string> salt_content(const Model& model, PayloadReader& payloads,
                                 const SaltOptions& options) {
  Content content;
  const auto spans = payloads_of(model);
  if (auto done = add_structure(model, spans, payloads, content); !done) return fail(done.error());
  for (std::size_t i = 1; i < model.files.size(); ++i) content.number(model.files[i].size);
  for (const ByteSpan& span : spans) {
    if (auto done = add_sample(span, payloads, content); !done) return fail(done.error());
  }
  for (const auto option : {options.carry, options.internal, options.cache}) content.field(option);
  content.number(options.dims.size());
  for (const auto& [name, extent] : options.dims) {
    content.field(name);
    content.number(static_cast<std::uint64_t>(extent));
  }
  content.field(options.licensee);
  return content.finish();
}

}  // namespace permcrypt
