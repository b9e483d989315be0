// Which byte formats_fuzzer.cpp takes for which format, and under which keys it opens what is
// sealed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "fuzz_folder.h"
#include "permcrypt/apply.h"
#include "write/manifest.h"

namespace permcrypt::fuzz {

enum class FileFormat : char {
  kKey,
  kToken,
  kNpz,
  kNpy,
  kTensorPb,
  kPolygraphy,
  kPng,
  kSafetensors,
  kTokenizer,
  kDigests,
  kSealedPlan,
  kRecord,
  kJournal,
  kReceipt,
  kKnownAnswer,
  kAxisMap,
};
inline constexpr std::size_t kFileFormats = 16;

inline constexpr DigestKey kJournalKey{1, 2, 3};
inline constexpr std::array<std::int32_t, 4> kKnownToken{2, 0, 3, 1};

inline const ManifestKeys& receipt_keys() {
  static const ManifestKeys keys = ManifestKeys::derive(KeySchedule(secret_key(), Salt{}));
  return keys;
}

}  // namespace permcrypt::fuzz
