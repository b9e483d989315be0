// Where a passphrase comes from: a file descriptor, PERMCRYPT_PASSPHRASE, or the terminal.
#pragma once

#include <optional>

#include "derive/guarded.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Typed once to open a key, twice to seal one.
enum class Prompt { kOpen, kSeal };

// The first line that `fd` has to give, without its end; without an `fd` what the environment says,
// or else what is typed at the terminal, unseen.
//
// Errors (kKey): nothing to read from, empty, longer than 1024 bytes, interrupted, or typed
// differently the second time.
Result<GuardedBuffer> read_passphrase(std::optional<int> fd, Prompt prompt);

}  // namespace permcrypt
