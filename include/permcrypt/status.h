// How functions fail. Every fallible function between rooms returns Result<T>; only src/main.cpp
// prints an Error and turns its kind into an exit code.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace permcrypt {

// The numeric value is the process exit code (see docs/format.md and --help).
enum class ErrorKind {
  kResult = 1,   // verification failed, results differ, or a file was tampered with
  kUsage = 2,    // the command line makes no sense
  kInput = 3,    // the model cannot be read, is not valid, or does not fit the format
  kOutput = 4,   // the output exists or cannot be written
  kKey = 5,      // no key, wrong key, damaged key, wrong passphrase
  kState = 6,    // nothing to protect, no place for a lock, already or not encrypted
  kDefect = 70,  // a bug of permcrypt itself
};

// `message` says what went wrong and names the file, tensor or node; `hint` says what to do next
// (may be empty). Neither ever holds a secret, and neither ends in a newline.
struct Error {
  ErrorKind kind;
  std::string message;
  std::string hint;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(hint)});
}

// Passes on the error of a function that was called.
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace permcrypt
