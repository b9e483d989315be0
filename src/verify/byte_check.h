// The exact part of verify: the encrypted files are the original files, with each planned payload
// renumbered as planned and nothing else changed but the planned edits. It reads both models from
// disk and trusts neither: the encrypted one is undone in memory and compared byte by byte, but for
// what the proof, which shares no code with this, has compared already.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "permcrypt/proof.h"
#include "permcrypt/verify.h"
#include "verify/subject.h"

namespace permcrypt {

// The MAC over the encrypted files: nobody changed them since they were written.
Result<Check> check_untampered(const Subject& subject, unsigned threads);

// Every byte. `original`: the files of the original model, [0] the .onnx. `found`: payloads that
// the proof has compared already, element by element; they are not read again.
Result<Check> check_bytes(const Subject& subject,
                          const std::vector<std::filesystem::path>& original,
                          std::span<const FoundPayload> found, unsigned threads);

}  // namespace permcrypt
