#include "write/share_receipt.h"

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"

namespace permcrypt {
namespace {

constexpr std::string_view kContext = "permcrypt/v1 share";

std::string to_text(const std::vector<ChunkTag>& tags) {
  std::string bytes;
  for (const ChunkTag& tag : tags) bytes.append(tag.begin(), tag.end());
  return hex_encode(bytes);
}

std::vector<ChunkTag> to_tags(const nlohmann::json& text) {
  const std::string bytes = hex_decode(text.get<std::string>()).value_or("");
  std::vector<ChunkTag> tags(bytes.size() / sizeof(ChunkTag));
  for (std::size_t i = 0; i < tags.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(ChunkTag)), sizeof(ChunkTag),
                tags[i].begin());
  }
  return tags;
}

}  // namespace

std::string plan_hash(const SealedPlan& sealed) {
  SealedPlan plan = sealed;
  plan.original = {};
  const std::string json = to_json(plan);
  std::string hash(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(json.data()), json.size(), nullptr, 0);
  return hex_encode(hash);
}

std::string seal_receipt(const ShareReceipt& receipt, const ManifestKeys& keys) {
  nlohmann::json files = nlohmann::json::array();
  for (const ShareTags& file : receipt.files) {
    files.push_back({file.first, to_text(file.inputs), to_text(file.outputs)});
  }
  const nlohmann::json json = {{"share", receipt.share.number},
                               {"of", receipt.share.count},
                               {"plan", receipt.plan},
                               {"files", std::move(files)}};
  return seal_bytes(json.dump(), kContext, keys.seal);
}

std::optional<ShareReceipt> unseal_receipt(std::string_view sealed, const ManifestKeys& keys) {
  const auto text = unseal_bytes(sealed, kContext, keys.seal);
  if (!text) return std::nullopt;
  try {  // the seal says that we wrote it
    const auto json = nlohmann::json::parse(*text);
    ShareReceipt receipt{{json.at("share"), json.at("of")}, json.at("plan"), {}};
    for (const auto& file : json.at("files")) {
      receipt.files.push_back({file.at(0), to_tags(file.at(1)), to_tags(file.at(2))});
    }
    return receipt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace permcrypt
