// The lock nodes in a model file: where the key comes in, and what changes around it.
//
// The main graph gets the input permcrypt_key and one Split of it; each lock gets a Gather, right
// before the first user of what it locks, or at the graph's end for an output. Every other node
// stays as and where it is; only names at the locked places change.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/lock.h"
#include "write/message_edits.h"

namespace permcrypt {

struct LockEditOptions {
  bool decoy = false;  // the key gets a default, the identity: the model runs without it, wrongly
};

// Puts the locks into the file with the bytes `file`. A model without locks does not change.
// Errors: kState for a decoy where the model's IR version has no defaults; kDefect for locks that
// cannot be expressed in the file, or when the file would not compute what `locked` describes.
Result<void> write_locks(const LockedGraph& locked, std::string_view file,
                         const LockEditOptions& options, MessageEdits& edits);

// Gives the external data files other names: file i of the model becomes locations[i]. locations[0]
// is not used.
Result<void> rename_data_files(const Model& model, std::string_view file,
                               const std::vector<std::string>& locations, MessageEdits& edits);

// Puts what lies in external data files into the model itself. Errors (kInput): a tensor's data is
// missing, or together they take more than `most` bytes.
Result<void> take_data_in(const Model& model, std::string_view file, PayloadReader& payloads,
                          std::uint64_t most, MessageEdits& edits);

}  // namespace permcrypt
