// What a release consists of, in a form that signing tools take.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"

namespace permcrypt {

struct FileDigest {
  std::string name;    // relative to the model's folder
  std::string sha256;  // hexadecimal
  bool operator==(const FileDigest&) const = default;
};

// SHA-256 of every file of a model: the .onnx first, then its data files in order of first use.
// Errors (kInput): the model or one of its files cannot be read.
Result<std::vector<FileDigest>> digest_release(const std::filesystem::path& model);

// "<sha256>  <name>", one line a file: what `sha256sum -c` reads.
std::string digest_lines(const std::vector<FileDigest>& files);
// An in-toto Statement (version 1) whose subjects are the files: what attestations are made of.
std::string digest_statement(const std::vector<FileDigest>& files);
// Reads either form. Errors (kInput): neither.
Result<std::vector<FileDigest>> parse_digests(std::string_view text);

}  // namespace permcrypt
