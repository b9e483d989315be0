// What attention operators have in common.
#pragma once

#include "proof/definitions.h"

namespace permcrypt::proof {

struct Heads {
  Axis batch, head, place, part;
};

// x[b, s, h*d]
Heads split_heads(const Step& s, const Axes& x, std::int64_t heads);

// Queries, keys and values meet as they should; places have no meaning of their own yet. Returns
// the heads of the result.
Axis attend(const Step& s, const Heads& q, const Heads& k, const Heads& v);

// What knows places by their number: causal masks, pasts, rotations.
void hold_places(const Step& s, const Heads& q, const Heads& k);

// Rotates pairs of a head's parts: i and i + d/2, or 2i and 2i + 1. `angles`: the axis of the table
// of cos or sin that has an angle for each pair.
void rotate(const Step& s, const Axis& part, const Axis& angles, bool interleaved);

}  // namespace permcrypt::proof
