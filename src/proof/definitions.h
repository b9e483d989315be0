// What each operator does to the orders of its operands' axes, from the operators' definitions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "proof/step.h"

namespace permcrypt::proof {

struct Entry {
  std::string_view domain, op;
  Definition definition;
};

// Applies the definition of the node's operator. Throws NotUnderstood where there is none.
std::vector<Claim> define(Store& store, const GraphNode& node,
                          const std::vector<const Claim*>& operands);

// The integers that a node computes of known integers; nothing where they are not known.
std::optional<Ints> fold(Step& s);
// Whether a node's first result is a ramp.
std::optional<Ramp> find_ramp(Step& s);
// Of a claim, as computed or as its elements show.
std::optional<Ramp> ramp_of(Terms& terms, const Claim& claim);

std::span<const Entry> elementwise_definitions();
std::span<const Entry> product_definitions();
std::span<const Entry> shape_definitions();
std::span<const Entry> reshape_definitions();
std::span<const Entry> part_definitions();
std::span<const Entry> index_definitions();
std::span<const Entry> selection_definitions();
std::span<const Entry> sampling_definitions();
std::span<const Entry> reduction_definitions();
std::span<const Entry> normalisation_definitions();
std::span<const Entry> generator_definitions();
std::span<const Entry> convolution_definitions();
std::span<const Entry> channels_last_definitions();
std::span<const Entry> quantisation_definitions();
std::span<const Entry> attention_definitions();
std::span<const Entry> embedding_definitions();
std::span<const Entry> packed_definitions();
std::span<const Entry> recurrent_definitions();
std::span<const Entry> expert_definitions();

}  // namespace permcrypt::proof
