// A file beside a model that is being rewritten in place: what the model was, and the newest step,
// kept until it has been applied.
//
//   magic (8 bytes) | u64 header length | u64 step bytes | header | slot 0 | slot 1
//
// Records go to the two slots in turn, so that one of them is always whole. Each is authenticated
// under a key and numbered; a record that a crash cut short counts as not written.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/writable_file.h"
#include "permcrypt/apply.h"
#include "permcrypt/status.h"

namespace permcrypt {

class Journal {
 public:
  // The journal of the model at `path`, whether it exists or not.
  static std::filesystem::path path_for(const std::filesystem::path& model);

  // Makes a new one, which appears whole or not at all. Errors (kOutput): there is one already.
  static Result<Journal> create(const std::filesystem::path& path, std::string_view header,
                                std::uint64_t step_bytes);
  // Errors: kOutput when another process has it open; kResult when it is no journal.
  static Result<Journal> open(const std::filesystem::path& path);

  const std::string& header() const { return header_; }
  std::uint64_t step_bytes() const { return step_bytes_; }

  // The newest whole record. Call it before append(), to go on behind it. Errors: kOutput.
  Result<std::optional<std::string>> newest(const DigestKey& key);
  // The record is `head` and then `bytes`, which may be large and are not copied. On disk when it
  // returns. REQUIRES: the record has at most 4 * step_bytes() + kSlack bytes.
  Result<void> append(std::string_view head, std::string_view bytes, const DigestKey& key);
  // Removes the file.
  Result<void> remove();

  static constexpr std::uint64_t kSlack = 1 << 16;

 private:
  Journal(std::filesystem::path path, WritableFile file)
      : path_(std::move(path)), file_(std::move(file)) {}
  std::uint64_t slot_offset(std::uint64_t number) const;

  std::filesystem::path path_;
  WritableFile file_;
  std::string header_;
  std::uint64_t step_bytes_ = 0;
  std::uint64_t next_ = 0;  // number of the next record
};

}  // namespace permcrypt
