// Steps that lie one behind the other. What depends on the later ones depends on the earlier ones
// as well, so that one number says which of a chain, however long, come before a step. Most places
// of a large model are on one chain, and what is asked of them all takes one walk over the graph.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lock/flow.h"

namespace permcrypt {

// Which steps come before, and which after, each of a chain; as Reach says of any steps.
struct ChainReach {
  // By step: it is one of, or depends on, the first so many of the chain. It is one of, or comes
  // before, all but the first so many.
  std::vector<std::uint32_t> below, above;
};

// REQUIRES: each of `chain` is the one before it, or depends on it.
ChainReach reach_of_chain(const Flow& flow, std::span<const Flow::Step> chain);

// Chains, the longest first, none of them shorter than `least`, and what is left: all as numbers of
// `steps`, each once.
struct Chains {
  std::vector<std::vector<std::uint32_t>> chains;  // in the order of computation
  std::vector<std::uint32_t> rest;                 // ascending
};
Chains split_into_chains(const Flow& flow, std::span<const Flow::Step> steps, std::size_t least);

}  // namespace permcrypt
