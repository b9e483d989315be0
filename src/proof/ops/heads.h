// What attention operators have in common.
#pragma once

#include "proof/definitions.h"

namespace permcrypt::proof {

struct Heads {
  Axis batch, head, place, part;
};

// x[b, s, h*d]
Heads split_heads(const Step& s, const Axes& x, std::int64_t heads);

// Queries, keys and values meet as they should. Returns the heads of the result.
Axis attend(const Step& s, const Heads& q, const Heads& k, const Heads& v);

// Rotates pairs of a head's parts: i and i + d/2, or 2i and 2i + 1. `table`: cos or sin, whose last
// axis has an angle for each pair, and whose other ones are positions.
void rotate(const Step& s, const Axis& part, const Axes& table, bool interleaved);

}  // namespace permcrypt::proof
