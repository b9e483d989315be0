#include <sodium.h>

#include <array>
#include <bit>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "verify/known_answer.h"

namespace permcrypt {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "permcrypt-known-1\n";
constexpr std::string_view kSealPurpose = "permcrypt/v1 known answer";
constexpr std::string_view kNoncePurpose = "permcrypt/v1 known answer nonce";
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kMostBytes = 1 << 20;

using Key = std::array<unsigned char, 32>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// The token has no fixed length, so it is the message and the purpose the key.
Key derive(std::span<const std::int32_t> token, std::string_view purpose) {
  Key key;
  crypto_generichash(key.data(), key.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size_bytes(), raw(purpose), purpose.size());
  return key;
}

// Names are bytes; JSON wants text. Values keep every bit as hexadecimal.
Json to_json(const KnownAnswer& answer) {
  const InputChoices& c = answer.choices;
  Json ids = Json::array(), dims = Json::array(), caches = Json::array(), outputs = Json::array();
  for (const auto& [name, bound] : c.id_bounds) ids.push_back({hex_encode(name), bound});
  for (const auto& [name, extent] : c.dims) dims.push_back({hex_encode(name), extent});
  for (const auto& name : c.caches) caches.push_back(hex_encode(name));
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  for (const auto& output : answer.outputs) {
    Json samples = Json::array();
    for (const auto& [element, value] : output.samples) samples.push_back({element, bits(value)});
    outputs.push_back({{"name", hex_encode(output.name)},
                       {"shape", output.shape},
                       {"unit", bits(output.unit)},
                       {"samples", std::move(samples)}});
  }
  return {{"seed", c.seed},     {"batch", c.batch},   {"past", c.past},
          {"others", c.others}, {"ids", ids},         {"dims", dims},
          {"caches", caches},   {"outputs", outputs}, {"tolerance", bits(answer.tolerance)}};
}

// Throws what nlohmann throws, and on hexadecimal that is none.
KnownAnswer from_json(const Json& json) {
  const auto name = [](const Json& text) { return hex_decode(text.get<std::string>()).value(); };
  const auto real = [](const Json& bits) {
    return std::bit_cast<double>(bits.get<std::uint64_t>());
  };
  KnownAnswer out;
  InputChoices& c = out.choices;
  json.at("seed").get_to(c.seed);
  json.at("batch").get_to(c.batch);
  json.at("past").get_to(c.past);
  json.at("others").get_to(c.others);
  for (const auto& [text, bound] : json.at("ids").get<std::vector<std::pair<Json, std::int64_t>>>())
    c.id_bounds.emplace(name(text), bound);
  for (const auto& [text, extent] :
       json.at("dims").get<std::vector<std::pair<Json, std::int64_t>>>())
    c.dims.emplace(name(text), extent);
  for (const Json& text : json.at("caches")) c.caches.insert(name(text));
  out.tolerance = real(json.at("tolerance"));
  for (const Json& output : json.at("outputs")) {
    KnownAnswer::Output& made = out.outputs.emplace_back();
    made.name = name(output.at("name"));
    output.at("shape").get_to(made.shape);
    made.unit = real(output.at("unit"));
    for (const Json& sample : output.at("samples"))
      made.samples.emplace_back(sample.at(0).get<std::uint64_t>(), real(sample.at(1)));
  }
  return out;
}

}  // namespace

std::string seal_answer(const KnownAnswer& answer, std::span<const std::int32_t> token) {
  const std::string plain = to_json(answer).dump();
  const Key seal = derive(token, kSealPurpose), nonce = derive(token, kNoncePurpose);
  std::string out(kMagic);
  out.resize(kMagic.size() + kNonceBytes + plain.size() + kTagBytes);
  unsigned char* const at = raw(out) + kMagic.size();
  crypto_generichash(at, kNonceBytes, raw(plain), plain.size(), nonce.data(), nonce.size());
  crypto_aead_xchacha20poly1305_ietf_encrypt(at + kNonceBytes, nullptr, raw(plain), plain.size(),
                                             raw(kMagic), kMagic.size(), nullptr, at, seal.data());
  return out;
}

Result<KnownAnswer> open_answer(std::string_view file, std::span<const std::int32_t> token) {
  if (!file.starts_with(kMagic) || file.size() < kMagic.size() + kNonceBytes + kTagBytes ||
      file.size() > kMostBytes) {
    return fail(ErrorKind::kInput, "the known answer is not such a file",
                "permcrypt verify --record makes one");
  }
  const Key seal = derive(token, kSealPurpose);
  file.remove_prefix(kMagic.size());
  std::string plain(file.size() - kNonceBytes - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          raw(plain), nullptr, nullptr, raw(file) + kNonceBytes, file.size() - kNonceBytes,
          raw(kMagic), kMagic.size(), raw(file), seal.data()) != 0) {
    return fail(ErrorKind::kKey, "the known answer does not open with this token",
                "it belongs to another token, or it was changed: ask its maker for both");
  }
  try {
    return from_json(Json::parse(plain));
  } catch (const std::exception&) {
    return fail(ErrorKind::kInput, "the known answer is not readable",
                "it was made by a later release of permcrypt");
  }
}

}  // namespace permcrypt
