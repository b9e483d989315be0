// What a share leaves for the last step: which chunks it wrote, and their tags.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/encrypt.h"
#include "write/manifest.h"

namespace permcrypt {

// Tags of chunks [first, first + inputs.size()) of one data file.
struct ShareTags {
  std::uint64_t first = 0;
  std::vector<ChunkTag> inputs, outputs;
  bool operator==(const ShareTags&) const = default;
};

struct ShareReceipt {
  Share share;
  std::string plan;              // hash of the plan: other releases may plan differently
  std::vector<ShareTags> files;  // by data file
};

// A hash of everything that the bytes of a share depend on, but for key and salt.
std::string plan_hash(const SealedPlan& sealed);

// Sealed: tags are secret until all of them are hashed.
std::string seal_receipt(const ShareReceipt& receipt, const ManifestKeys& keys);
// Nothing when it is no receipt under these keys.
std::optional<ShareReceipt> unseal_receipt(std::string_view sealed, const ManifestKeys& keys);

}  // namespace permcrypt
