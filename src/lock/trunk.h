// The trunk of a model: the cut classes that everything passes through. Behind the embedding, after
// each attention and each MLP, before the head, between the stages of a convolutional network;
// nothing is recognised by name.
#pragma once

#include <vector>

#include "lock/constraint_graph.h"

namespace permcrypt {

// A class is of the trunk when
// - every matrix upstream comes before the cut and every one downstream after it, in dependence and
//   not merely in node order (encoder and decoder, and the towers of a dual encoder, run beside each
//   other), and
// - no other stream leads around it, from a cut before it to one behind it: the hidden units of an
//   MLP are a bottleneck of their own weights, but the residual stream passes them by.
// Of these classes only the places that satisfy the first condition are kept. By class.
std::vector<bool> find_trunk(const Flow& flow, ConstraintGraph& cuts);

// Which of the given values have none of the others before them, or none behind them: the ends of
// the trunk, several where a model has several towers.
std::vector<bool> find_ends(const Flow& flow, const std::vector<ValueId>& values);

}  // namespace permcrypt
