// Cuts a model in three, for inference and training between a user and a server that trust each other
// with no data: head.onnx (the user's: its results leave scrambled), body.onnx (the server's: permuted,
// so that it works on scrambled data only) and tail.onnx (the user's: unscrambles first).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct SplitRequest {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out;  // a folder; default: X.split beside X.onnx
  // Where the body begins and, optionally, where it ends: a value of the main graph, or the number,
  // from 1, of a boundary between blocks. Without an end: the last boundary, where that is later.
  std::vector<std::string> at;
  std::optional<std::uint64_t> epoch;  // other permutations for each number
  KeyOptions key;
  bool force = false;
  unsigned threads = 0;
};

struct SplitReport {
  std::vector<std::filesystem::path> files;  // head, body, tail
  std::string begin, end;                    // the values that were cut at; `end` may be ""
  double key_bits = 0;                       // as of a model whose data carries the key
};

// Every part takes by name what it needs of the inputs and of what parts before it gave; together
// they give the original's outputs. Values between the parts are called NAME.scrambled.
//
// Errors: kUsage for a value that is no place to cut; kInput; kState when the body offers no axis to
// scramble; kKey; kOutput.
Result<SplitReport> split(const SplitRequest& request);

}  // namespace permcrypt
