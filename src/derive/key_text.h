// The text of a key, in the manner of age: comment lines, then one line that holds the key.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/status.h"

namespace permcrypt {

inline constexpr std::string_view kIdPrefix = "permcrypt";
inline constexpr std::string_view kSecretPrefix = "PERMCRYPT-SECRET-KEY-";
inline constexpr std::string_view kSealedPrefix = "PERMCRYPT-SEALED-KEY-";

struct KeyText {
  std::string_view line;  // the key line, inside the given text
  bool sealed = false;
  std::string id;  // of the comments; "" when missing
  std::string created;
};

// Finds the parts; whether the key line is undamaged is for its decoder to say.
// Errors (kKey): no key line, several, or a line that is neither comment nor key.
Result<KeyText> split_key_text(std::string_view text);

// A whole key file. `line` is secret_key.to_text() or a sealed key.
std::string format_key_text(std::string_view created, std::string_view id, std::string_view line);

// The error of a key line that does not decode; it quotes nothing of it.
tl::unexpected<Error> damaged_key();

}  // namespace permcrypt
