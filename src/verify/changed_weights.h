// verify --changed-weights: the encrypted model was trained, cast or re-saved. Is its graph still
// the one that was encrypted, does it compute what its own decryption computes, and does it still
// need its key?
#pragma once

#include "permcrypt/verify.h"
#include "verify/numbers.h"
#include "verify/subject.h"

namespace permcrypt {

// Adds to the verdict: the graph, the weights that differ from the original's (with --original),
// the static proof, leaks, and numbers, all against the decrypted model, which lies in a private
// folder meanwhile.
Result<void> verify_changed(const VerifyRequest& request, const Subject& subject,
                            const Opened& opened, Verdict& verdict);

}  // namespace permcrypt
