// What attention operators share: heads merged into one axis, rotary embeddings, caches and masks.
#pragma once

#include <cstdint>
#include <vector>

#include "infer/rule.h"

namespace permcrypt {

// The heads of queries, keys and values. Queries may have several heads to one of the keys: then
// head = kv x rest, else head is kv. Queries and keys meet in a product, so they share `qk`.
struct Heads {
  Axis head, kv, qk, v;

  Axis queries(RuleCall& c) const { return c.product({head, qk}); }
  Axis keys(RuleCall& c) const { return c.product({kv, qk}); }
  Axis values(RuleCall& c) const { return c.product({kv, v}); }
  Axis result(RuleCall& c) const { return c.product({head, v}); }
  Axis packed(RuleCall& c) const { return c.sum({queries(c), keys(c), values(c)}); }
};

// New heads of the given sizes; gives up when they do not fit together.
Heads make_heads(RuleCall& c, std::int64_t heads, std::int64_t kv_heads, std::int64_t qk,
                 std::int64_t v);

// The head size of a merged axis; gives up when it is dynamic or does not divide.
std::int64_t head_size(const RuleCall& c, const Axis& merged, std::int64_t heads);

// Rotary embedding of the head dimension `dim`: index pairs (i, i + n/2), or (2i, 2i + 1) when
// interleaved, turn by one angle; the tables' last axis is the angle. What lies beyond is a tail of
// its own.
void rotate(RuleCall& c, const Axis& dim, const Operand& cosine, const Operand& sine,
            std::int64_t rotated, bool interleaved);

// Rotary tables read at positions counted by the operator itself: their rows stay.
void rotate_in_order(RuleCall& c, const Axis& dim, std::size_t cosine, std::size_t sine,
                     std::int64_t rotated, bool interleaved);

// Pins operand k, if present, and the axes whose order it knows.
void pin_with(RuleCall& c, std::size_t k, const std::vector<Axis>& axes, std::string_view why);

// An operand that broadcasts against these axes, if present.
void match(RuleCall& c, std::size_t k, const std::vector<Axis>& axes);

// A cache [batch, kv, past, dim] of operand k.
void match_cache(RuleCall& c, std::size_t k, const Axis& batch, const Axis& kv, const Axis& dim);

// The sequence axis that results when `more` is appended to `past`.
Axis append(RuleCall& c, const Axis& past, const Axis& more);

}  // namespace permcrypt
