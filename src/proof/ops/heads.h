// What attention operators have in common.
#pragma once

#include "proof/definitions.h"

namespace permcrypt::proof {

struct Heads {
  Axis batch, head, place, part;
};

// x[b, h, s, d]
Heads heads_of(const Step& s, const Axes& x);

// x[b, s, h*d]
Heads split_heads(const Step& s, const Axes& x, std::int64_t heads);

// Keys or values that are appended to others: their heads and parts are one with those. Places are
// those that come now.
Heads appended(const Step& s, const Heads& before, const Heads& now);

// The same, to operand `past`, [b, h, s, d]; what comes now where there is none.
Heads appended_to_past(const Step& s, std::size_t past, const Heads& now);

// A part of keys or values as the queries' heads see it: where it depends on the head of keys, it
// depends on theirs.
Axis by_query(const Step& s, const Heads& q, const Heads& k, Axis part);

// Queries, keys and values meet as they should; places have no meaning of their own yet. Returns
// the heads of the result, which lead its parts where these depend on them.
Axis attend(const Step& s, const Heads& q, const Heads& k, const Heads& v);

// What knows places by their number: causal masks, pasts, rotations.
void hold_places(const Step& s, const Heads& q, const Heads& k);

// Rotates pairs of a head's parts: i and i + d/2, or 2i and 2i + 1. `angles`: the axis of the table
// of cos or sin that has an angle for each pair.
void rotate(const Step& s, const Axis& part, const Axis& angles, bool interleaved);

}  // namespace permcrypt::proof
