// Looks for secrets in files: byte strings that must not be there, whatever lies around them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/permutation.h"
#include "permcrypt/status.h"

namespace permcrypt {

class SecretScan {
 public:
  // Shorter ones turn up by chance.
  static constexpr std::size_t kFewestBytes = 16, kFewestIndices = 8;

  struct Hit {
    std::size_t secret = 0;  // what add() called it
    std::uint32_t file = 0;
    std::uint64_t offset = 0;
  };

  SecretScan();
  // The bytes as they are; less than kFewestBytes are not looked for.
  void add(std::size_t secret, std::string bytes);
  // An index vector as ONNX could store it: 32- and 64-bit little-endian integers, or varints. Less
  // than kFewestIndices are not looked for, nor what counts up from zero and hides nothing.
  void add_indices(std::size_t secret, std::span<const std::uint32_t> indices);
  // The index vectors of a permutation and of its inverse. REQUIRES: `order` outlives this. There
  // may be very many: of these, only where they begin is kept.
  void add_order(std::size_t secret, const Permutation& order);

  // Where they are, by file and offset; of many in one stretch of a file only the first. `cleared`:
  // bytes in which none begins, by file and offset, without overlap. Errors (kInput): a file cannot
  // be read.
  Result<std::vector<Hit>> find(const std::vector<std::filesystem::path>& files,
                                std::span<const ByteSpan> cleared, unsigned threads) const;

 private:
  enum class Form : std::uint8_t { kBytes, kInt32, kInt64, kVarint };
  struct Pattern {
    std::size_t secret = 0;
    const Permutation* order = nullptr;  // whose indices they are; nullptr: bytes_[text]
    std::uint32_t text = 0;
    Form form = Form::kBytes;
    bool inverted = false;
  };

  static std::uint64_t signature(const char* bytes);
  static std::string stored(std::span<const std::uint32_t> indices, Form form);
  std::string bytes_of(const Pattern& pattern) const;
  void add_pattern(std::string_view first_bytes, const Pattern& pattern);
  void scan(std::string_view file, std::uint64_t begin, std::uint64_t end,
            std::vector<Hit>& hits) const;

  std::vector<std::string> bytes_;
  std::vector<Pattern> patterns_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_signature_;
  std::vector<bool> seen_;  // by the upper bits of signatures: most places are none
};

}  // namespace permcrypt
