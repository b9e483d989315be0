// What makes a salt: everything that two models, two licensees or two sets of options differ in.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/lock.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct SaltOptions {
  std::string_view carry = "key";
  std::string_view internal = "none";
  std::string_view cache = "opaque";
  std::map<std::string, std::int64_t> dims;
  std::string_view licensee;
};

// BLAKE2b-256 as docs/format.md, "Salt", says. Payloads are sampled, not read: the cost does not
// depend on their sizes. Errors (kInput): a file cannot be read.
Result<std::string> salt_content(const Model& model, PayloadReader& payloads,
                                 const SaltOptions& options);

}  // namespace permcrypt
