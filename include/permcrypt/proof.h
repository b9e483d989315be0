// Does an encrypted model compute what the original computes, for all inputs?
//
// A second semantics of the operators, which shares nothing with inference: the files are taken as
// they are, and concrete permutations are carried from the weights through the encrypted graph to
// its outputs. The plan is only a hint at how weights were renumbered; docs/proof.md has the
// argument.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct ProofRequest {
  const Model& original;
  const Model& encrypted;
  const Plan& plan;                        // of which only axis maps, caches and dimensions count
  const std::vector<Permutation>& groups;  // the permutations of plan.groups
  std::span<const std::int32_t> key;       // what the encrypted model is fed
  std::string key_input;                   // as this input; "" when there is none
  unsigned threads = 0;
};

// A payload of the original whose every byte the proof has found in the encrypted model: there, in
// the order of the axes that the plan gives, or as it is.
struct FoundPayload {
  ByteSpan original, encrypted;
};

struct Proof {
  // Where the two differ, first things first; none for a model that is right.
  std::vector<std::string> contradictions;
  // "TopK: why" -> nodes at which renumbered values met an operator that is not understood.
  std::map<std::string, int> not_understood;
  std::vector<FoundPayload> found;
  std::vector<std::string> open_outputs;  // for which equality is therefore not proved
  std::vector<std::string> assumptions;   // "height = 224": what the inputs are taken to be
  std::size_t outputs = 0, nodes = 0, tensors = 0;

  bool refuted() const { return !contradictions.empty(); }
  bool complete() const { return contradictions.empty() && open_outputs.empty(); }
};

// Errors (kInput): a graph that is not one, a file that cannot be read.
Result<Proof> prove(const ProofRequest& request);

}  // namespace permcrypt
