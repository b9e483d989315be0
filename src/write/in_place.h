// Encrypting a model in its own files: data files are permuted where they lie, under a journal, and
// the .onnx is replaced last. A kill at any moment leaves the original, the encrypted model, or a
// journal from which resume_in_place() goes on.
#pragma once

#include "write/encrypted_files.h"
#include "write/journal.h"

namespace permcrypt {

// `files.paths` are the inputs of `job`. Reads everything once before the first byte changes, for
// the digest of the original. Errors: kState when a file is a link, or a payload is too large to be
// moved within `files.memory`; kOutput, also when there is a journal already.
Result<void> encrypt_in_place(const EncryptedFiles& files, const CopyJob& job, SealedPlan sealed);

// Carries out the moves of a job's data files, from where the journal stands.
Result<void> permute_in_place(const CopyJob& job, Journal& journal, const DigestKey& key,
                              unsigned threads, const Progress& progress = {});

}  // namespace permcrypt
