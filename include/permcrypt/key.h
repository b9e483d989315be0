// Secret keys: where they come from, how they are stored, and what is derived from them.
// docs/format.md is the specification; testdata/vectors/ holds test vectors.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

// 32 secret bytes in guarded memory (sodium_malloc), wiped when destroyed. Move only.
class SecretKey {
 public:
  static constexpr std::size_t kSize = 32;

  static SecretKey generate();
  // REQUIRES: bytes.size() == kSize.
  static SecretKey from_bytes(std::string_view bytes);
  // The text of a key file or of PERMCRYPT_KEY: comment lines, then one PERMCRYPT-SECRET-KEY-1 line.
  // kKey when damaged; the error never quotes the text.
  static Result<SecretKey> parse(std::string_view text);

  std::string_view bytes() const;
  std::string id() const;        // public: "permcrypt1..."
  std::string to_text() const;   // "PERMCRYPT-SECRET-KEY-1..."; the caller keeps it secret

 private:
  struct Wipe {
    void operator()(unsigned char* bytes) const;
  };
  SecretKey() = default;
  std::unique_ptr<unsigned char, Wipe> bytes_;
};

// What the command line says about the key; the rest comes from the environment.
struct KeyOptions {
  std::optional<std::filesystem::path> file;    // -k
  std::optional<int> passphrase_fd;             // --passphrase-fd
};

// -k FILE, PERMCRYPT_KEY_FILE, PERMCRYPT_KEY, PERMCRYPT_KEY_CMD, the default file, in this order.
// Errors: kKey "no key found" with a hint to run keygen; damaged key; wrong passphrase.
Result<SecretKey> find_key(const KeyOptions& options);

// $XDG_CONFIG_HOME/permcrypt/key or ~/.config/permcrypt/key.
Result<std::filesystem::path> default_key_path();

struct KeygenOptions {
  std::optional<std::filesystem::path> out;  // default_key_path() when absent; "-" is standard output
  bool passphrase = false;                   // seal with a passphrase (Argon2id, XChaCha20-Poly1305)
  std::optional<int> passphrase_fd;
};
// Writes a new key (0600, O_EXCL: never replaces one) and returns its public id.
Result<std::string> keygen(const KeygenOptions& options);

// Kind of a key file's contents without opening it: the id comment, sealed or not.
struct KeyFileInfo {
  bool sealed = false;
  std::string id;        // "" when sealed and the comment is missing
  std::string created;
};
// Errors: kInput when the text is not a key file at all.
Result<KeyFileInfo> inspect_key_text(std::string_view text);

using Salt = std::array<std::uint8_t, 32>;

// Everything derived from (key, salt). Subkey = keyed BLAKE2b-256 of
// "permcrypt/v1" ‖ purpose ‖ salt ‖ item ‖ index, each length-prefixed as docs/format.md says.
class KeySchedule {
 public:
  KeySchedule(const SecretKey& key, const Salt& salt);
  ~KeySchedule();
  KeySchedule(const KeySchedule&) = delete;
  KeySchedule& operator=(const KeySchedule&) = delete;

  using Subkey = std::array<std::uint8_t, 32>;
  Subkey subkey(std::string_view purpose, std::string_view item = {}, std::uint64_t index = 0) const;

  // The permutation of a group: unbiased Fisher-Yates over the ChaCha20 stream of
  // subkey("permutation", id, fibre). The identity is drawn again (size >= 2); `redraws` more
  // permutations are skipped first (a lock whose relative vector came out as the identity).
  Permutation permutation(const GroupId& id, std::uint64_t size, std::uint64_t fibre = 0,
                          std::uint32_t redraws = 0) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The PRF of the key over what names a model and the options that change its groups, as hashed by
// the caller. `content` is a BLAKE2b state's output over structure, payload samples and options.
Salt derive_salt(const SecretKey& key, std::string_view content);

// All permutations of a plan: plan.groups[i] -> result[i], with the redraws that locks demand: for
// a lock whose relative vector is the identity, the first downstream group of size >= 3 that is not
// also upstream is drawn again until it is not. Deterministic in (key, salt, plan).
std::vector<Permutation> derive_permutations(const KeySchedule& schedule, const Plan& plan);

// permcrypt_key: the index vectors of all locks that it carries, one after the other.
std::vector<std::int32_t> token_vector(const Plan& plan, const std::vector<Permutation>& groups);

}  // namespace permcrypt
