// One model encrypted by many jobs on a shared file system, each a share of the data files.
//
// The folder OUT.shares holds the data files, of full size from the start, and a receipt for each
// share that is on disk: the tags of its chunks, sealed. The last step needs nothing but them to
// write the manifest. A share that runs twice writes the same bytes twice.
#pragma once

#include <vector>

#include "permcrypt/encrypt.h"
#include "write/encrypted_files.h"

namespace permcrypt {

// OUT.shares, for the model OUT.
std::filesystem::path shares_folder(const std::filesystem::path& out);

// The chunks of each file that a share has; none of files[0], which the last step writes. Shares of
// one job cover every chunk of every data file once.
std::vector<ChunkRange> chunks_of_share(const std::vector<std::uint64_t>& sizes, Share share);

// Writes one share and its receipt. Errors: kState when the model has no data files; kOutput; those
// of copy_files().
Result<void> write_share(const EncryptedFiles& files, CopyJob job, const SealedPlan& sealed,
                         Share share);

// Writes the .onnx and gives the data files their names; may be repeated after a kill. Errors:
// kState when a share is missing, or was made from something else; kOutput.
Result<void> join_shares(const EncryptedFiles& files, CopyJob job, SealedPlan sealed);

}  // namespace permcrypt
