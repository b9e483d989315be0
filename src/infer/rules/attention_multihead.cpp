// ONNX Runtime's fused attention on projected q, k and v, with as many heads of keys as of queries.
#include "infer/registry.h"
#include "infer/rules/heads.h"

namespace permcrypt {
namespace {

struct Sequences {
  Heads heads;
  Axis batch, queries, keys;
};

// query [b,s,h,3,d], alone
Sequences read_packed(RuleCall& c) {
  const auto& q = c.in(0).axes;
  if (c.has(1) || c.has(2)) c.give_up("keys beside packed keys");
  const std::int64_t n = c.attr("num_heads", 0);
  const Heads h = make_heads(c, n, n, q[4].a, q[4].a);
  c.unify(q[2], h.head);
  c.pin(q[3], "stack of q, k and v");
  for (const Axis& dim : {h.qk, h.v}) c.unify(q[4], dim);
  return {h, q[0], q[1], q[1]};
}

// query [b,s,h*d], key [b,t,h,2,d]
Sequences read_packed_keys(RuleCall& c, std::int64_t dim) {
  const auto &q = c.in(0).axes, &k = c.in(1).axes;
  if (c.has(2)) c.give_up("values beside packed values");
  const std::int64_t n = c.attr("num_heads", 0);
  const Heads h = make_heads(c, n, n, dim, dim);
  c.unify(q[2], h.queries(c), true);
  c.unify(k[2], h.kv);
  c.pin(k[3], "stack of k and v");
  for (const Axis& d : {h.qk, h.v}) c.unify(k[4], d);
  c.unify(q[0], k[0], true);
  return {h, q[0], q[1], k[1]};
}

// query [b,s,h*d], key and value [b,t,h*d] or [b,h,t,d]
Sequences read_sequences(RuleCall& c) {
  const auto& q = c.in(0).axes;
  if (q.size() == 5) return read_packed(c);
  if (q.size() != 3) c.give_up("query of unlike rank");
  const std::int64_t n = c.attr("num_heads", 0), dim = head_size(c, q[2], n);
  const auto& k = c.in(1).axes;
  if (k.size() == 5) return read_packed_keys(c, dim);
  const auto& v = c.in(2).axes;
  if (k.size() != v.size() || (k.size() != 3 && k.size() != 4)) c.give_up("key of unlike rank");
  const bool split = k.size() == 4;
  const Heads h = make_heads(c, n, n, dim, split ? v[3].a : head_size(c, v[2], n));
  c.unify(q[2], h.queries(c), true);
  c.unify(k.back(), split ? h.qk : h.keys(c), true);
  c.unify(v.back(), split ? h.v : h.values(c), true);
  for (const auto* x : {&k, &v}) {
    if (split) c.unify((*x)[1], h.kv, true);
    c.unify((*x)[0], q[0], true);
  }
  const Axis keys = split ? k[2] : k[1];
  c.unify(keys, split ? v[2] : v[1], true);
  return {h, q[0], q[1], keys};
}

struct CacheSlots {
  std::size_t key, value, length;
};

// Caches grow by the keys, unless they are buffers of full length (then the length is given).
Axis grow_caches(RuleCall& c, const Sequences& s, const CacheSlots& slots, bool shared) {
  if (!c.has(slots.key) && !c.has(slots.value)) return s.keys;
  match_cache(c, slots.key, s.batch, s.heads.kv, s.heads.qk);
  match_cache(c, slots.value, s.batch, s.heads.kv, s.heads.v);
  c.unify(c.in(slots.key).axes[2], c.in(slots.value).axes[2], true);
  if (!shared) return append(c, c.in(slots.key).axes[2], s.keys);
  for (const Axis& axis : {s.keys, s.queries}) c.pin(axis, "positions in a cache");
  c.pin(s.heads.qk, "keys may lie in blocks in a shared cache");
  return c.in(slots.key).axes[2];
}

void finish(RuleCall& c, const Sequences& s, const Axis& keys) {
  const std::int32_t type = c.in(0).type;
  c.out(0, {s.batch, s.queries, s.heads.result(c)}, type);
  c.out(1, {s.batch, s.heads.kv, keys, s.heads.qk}, type);
  c.out(2, {s.batch, s.heads.kv, keys, s.heads.v}, type);
  c.out(3, {s.batch, s.heads.head, s.queries, keys}, type);
}

// query, key, value, bias, mask, score bias, past key, past value, past length, beams
void multi_head_attention(RuleCall& c) {
  c.at_most(10);
  const Sequences s = read_sequences(c);
  if (c.has(3)) c.unify(c.in(3).axes.at(0), s.heads.packed(c));
  pin_with(c, 4, {s.batch, s.queries, s.keys}, "attention mask");
  if (c.attr("unidirectional", 0)) {
    for (const Axis& axis : {s.queries, s.keys}) c.pin(axis, "causal mask");
  }
  const bool shared = c.has(8) || c.has(9);
  const Axis keys = grow_caches(c, s, {6, 7, 8}, shared);
  pin_with(c, 8, {}, "length of the past");
  pin_with(c, 9, {s.batch}, "beams");
  if (shared) {
    pin_with(c, 5, {s.batch, s.heads.head, s.queries, s.keys}, "scores over a shared cache");
  } else {
    match(c, 5, {s.batch, s.heads.head, s.queries, keys});
  }
  finish(c, s, keys);
}

// query, key, value, mask, score bias, past key, past value, past length, beams, beams, bias
void decoder_attention_one(RuleCall& c) {
  c.at_most(11);
  if (!c.has(1)) c.give_up("packed q, k and v");
  const Sequences s = read_sequences(c);
  if (c.has(10)) c.unify(c.in(10).axes.at(0), s.heads.packed(c));
  pin_with(c, 3, {s.batch, s.queries, s.keys}, "attention mask");
  const bool shared = c.attr("past_present_share_buffer", 0) || c.has(7) || c.has(9);
  const Axis keys = grow_caches(c, s, {5, 6, 7}, shared);
  pin_with(c, 7, {}, "length of the past");
  for (const std::size_t k : {8, 9}) pin_with(c, k, {s.batch}, "beams");
  if (shared) {
    pin_with(c, 4, {s.batch, s.heads.head, s.queries, s.keys}, "scores over a shared cache");
  } else {
    match(c, 4, {s.batch, s.heads.head, s.queries, keys});
  }
  finish(c, s, keys);
}

// query [tokens,h*d] or [tokens,h,3,d], key, value, bias, token offsets, lengths, score bias
void packed_multi_head_attention(RuleCall& c) {
  c.at_most(7);
  const auto& q = c.in(0).axes;
  const std::int64_t n = c.attr("num_heads", 0);
  if (q.size() != 2 && q.size() != 4) c.give_up("query of unlike rank");
  const bool packed = q.size() == 4;
  const std::int64_t dim = packed ? q[3].a : head_size(c, q[1], n);
  if (!packed && (c.rank(1) != 2 || c.rank(2) != 2)) c.give_up("key of unlike rank");
  const Heads h = make_heads(c, n, n, dim, packed ? dim : head_size(c, c.in(2).axes[1], n));
  if (packed) {
    c.unify(q[1], h.head);
    c.pin(q[2], "stack of q, k and v");
    for (const Axis& d : {h.qk, h.v}) c.unify(q[3], d);
  } else {
    c.unify(q[1], h.queries(c));
    c.unify(c.in(1).axes[1], h.keys(c));
    c.unify(c.in(2).axes[1], h.values(c));
    for (const std::size_t k : {1, 2}) c.pin(c.in(k).axes[0], "tokens of packed sequences");
  }
  c.pin(q[0], "tokens of packed sequences");
  if (c.has(3)) c.unify(c.in(3).axes.at(0), h.packed(c));
  for (const std::size_t k : {4, 5}) pin_with(c, k, {}, "tokens of packed sequences");
  pin_with(c, 6, {h.head}, "tokens of packed sequences");
  c.out(0, {q[0], h.result(c)}, c.in(0).type);
}

constexpr auto kMs = "com.microsoft";
constexpr auto kMulti = "([b,s,h*d],[b,t,h*d],[b,t,h*v],[h*d+h*d+h*v],!m,[b,h,s,t])->([b,s,h*v])";

const OpRule kRules[] = {
    {kMs, "MultiHeadAttention", 1, kAnyOpset, kMulti, multi_head_attention},
    {kMs, "DecoderMaskedMultiHeadAttention", 1, kAnyOpset, kMulti, decoder_attention_one},
    {kMs, "PackedMultiHeadAttention", 1, kAnyOpset, "([!t,h*d],[!t,h*d],[!t,h*v])->([!t,h*v])",
     packed_multi_head_attention},
};

}  // namespace

std::span<const OpRule> attention_multihead_rules() { return kRules; }

}  // namespace permcrypt
