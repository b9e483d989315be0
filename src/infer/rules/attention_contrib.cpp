// ONNX Runtime's fused attention with as many heads of keys as of queries: with the projection
// inside (Attention and its kin) or before it (MultiHeadAttention and its kin).
#include "infer/registry.h"
#include "infer/rules/heads.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

// ---------------------------------------------------------------------------- projection inside

// Weights [in, q + k + v], each part heads x dim.
Heads project(RuleCall& c, const Axis& in, std::size_t weights) {
  const auto& w = c.in(weights).axes;
  if (w.size() != 2 || w[1].dynamic()) c.give_up("weights of unlike rank");
  c.unify(in, w[0], true);
  const std::int64_t heads = c.attr("num_heads", 0);
  if (heads < 1) c.give_up("heads do not divide");
  auto sizes = c.attr_ints("qkv_hidden_sizes").value_or(std::vector<std::int64_t>{});
  if (sizes.empty()) sizes.assign(3, w[1].a / 3);
  if (sizes.size() != 3 || sizes[0] != sizes[1] || sizes[0] % heads || sizes[2] % heads) {
    c.give_up("sizes of q, k and v do not fit");
  }
  const Heads h = make_heads(c, heads, heads, sizes[0] / heads, sizes[2] / heads);
  c.unify(w[1], h.packed(c));
  if (c.attr("do_rotary", 0)) c.pin(h.qk, "rotary angles computed inside the operator");
  return h;
}

// A cache of keys and values stacked, [2, batch, heads, past, dim]; returns what results of it.
std::vector<Axis> stacked_cache(RuleCall& c, std::size_t k, const Axis& batch, const Axis& sequence,
                                const Heads& h) {
  const Axis stack = c.fixed(2, "stack of keys and values");
  if (!c.has(k)) return {stack, batch, h.head, sequence, h.qk};
  const auto& past = c.in(k).axes;
  if (past.size() != 5) c.give_up("cache of unlike rank");
  c.unify(past[0], stack);
  c.unify(past[1], batch, true);
  c.unify(past[2], h.head);
  c.unify(past[4], h.qk);
  c.pin(past[3], "positions in a cache");
  if (c.attr("past_present_share_buffer", 0)) {
    c.pin(sequence, "positions in a cache");
    return past;
  }
  return {stack, batch, h.head, append(c, past[3], sequence), h.qk};
}

// The slots of one operator of this kind.
struct Slots {
  std::size_t bias, mask, past, score_bias, past_length;
};

// x [batch, sequence, in] -> [batch, sequence, heads * dim], and the cache.
Heads attend(RuleCall& c, const Slots& slots, std::int32_t type) {
  const auto& x = c.in(0).axes;
  if (x.size() != 3) c.give_up("input of unlike rank");
  const Heads h = project(c, x[2], 1);
  c.per_index(c.optional(slots.bias), c.in(1).axes[1]);
  pin_with(c, slots.mask, {x[0], x[1]}, "attention mask");
  pin_with(c, slots.past_length, {x[1]}, "length of the past");
  if (c.attr("unidirectional", 0)) c.pin(x[1], "causal mask");
  const bool cached = c.has(slots.past) || c.node.outputs.size() > 1;
  Axis keys = x[1];
  if (cached) {
    if (h.qk.a != h.v.a) c.give_up("cache of keys and values of unlike size");
    c.unify(h.qk, h.v);
    const auto present = stacked_cache(c, slots.past, x[0], x[1], h);
    keys = present[3];
    c.out(1, present, type);
  }
  if (c.has(slots.past_length)) {  // scores reach as far as the cache is filled
    pin_with(c, slots.score_bias, {x[0], x[1], h.head}, "scores over a shared cache");
  } else {
    match(c, slots.score_bias, {x[0], h.head, x[1], keys});
  }
  c.out(0, {x[0], x[1], h.result(c)}, type);
  return h;
}

constexpr std::size_t kNoSlot = 1000;

void attention(RuleCall& c) { attend(c, {2, 3, 4, 5, 6}, c.in(0).type); }

// x, w, bias, x scale, w scale, mask, x zero, w zero, past
void quantised_attention(RuleCall& c) {
  require_scalar(c, 3);
  require_scalar(c, 6);
  attend(c, {2, 5, 8, kNoSlot, kNoSlot}, c.in(3).type);
  for (const std::size_t k : {4, 7}) c.per_index(c.optional(k), c.in(1).axes[1]);
}

// A shared buffer holds the keys in blocks of the head dimension: pinned with it.
void decoder_self_attention(RuleCall& c) {
  const Heads h = attend(c, {2, 3, 4, 5, 6}, c.in(0).type);
  if (c.attr("past_present_share_buffer", 0)) c.pin(h.qk, "keys lie in blocks in a shared cache");
  for (const std::size_t k : {7, 8}) pin_with(c, k, {c.in(0).axes[0]}, "beams");
}

// x [tokens, in]; which tokens form a sequence is data.
void packed_attention(RuleCall& c) {
  const auto& x = c.in(0).axes;
  if (x.size() != 2) c.give_up("input of unlike rank");
  const Heads h = project(c, x[1], 1);
  c.per_index(c.optional(2), c.in(1).axes[1]);
  for (const std::size_t k : {3, 4}) pin_with(c, k, {x[0]}, "tokens of packed sequences");
  if (c.has(5)) {
    const auto& bias = c.in(5).axes;
    if (bias.size() != 4) c.give_up("attention bias of unlike rank");
    if (!bias[1].unit()) c.unify(bias[1], h.head);
    for (const std::size_t i : {0, 2, 3}) c.pin(bias[i], "tokens of packed sequences");
  }
  c.out(0, {x[0], h.result(c)}, c.in(0).type);
}

// ---------------------------------------------------------------------------- projection before

struct Sequences {
  Heads heads;
  Axis batch, queries, keys;
};

// query [b,s,h*d] or [b,s,h,3,d]; key, value [b,t,h*d], [b,h,t,d], or key alone [b,t,h,2,d]
Sequences read_sequences(RuleCall& c) {
  const auto& q = c.in(0).axes;
  const std::int64_t n = c.attr("num_heads", 0);
  if (q.size() == 5) {
    if (c.has(1) || c.has(2)) c.give_up("keys beside packed keys");
    const Heads h = make_heads(c, n, n, q[4].a, q[4].a);
    c.unify(q[2], h.head);
    c.pin(q[3], "stack of q, k and v");
    for (const Axis& dim : {h.qk, h.v}) c.unify(q[4], dim);
    return {h, q[0], q[1], q[1]};
  }
  if (q.size() != 3) c.give_up("query of unlike rank");
  const std::int64_t dim = head_size(c, q[2], n);
  const auto& k = c.in(1).axes;
  if (k.size() == 5) {
    if (c.has(2)) c.give_up("values beside packed values");
    const Heads h = make_heads(c, n, n, dim, dim);
    c.unify(q[2], h.queries(c), true);
    c.unify(k[2], h.kv);
    c.pin(k[3], "stack of k and v");
    for (const Axis& d : {h.qk, h.v}) c.unify(k[4], d);
    c.unify(q[0], k[0], true);
    return {h, q[0], q[1], k[1]};
  }
  const auto& v = c.in(2).axes;
  if (k.size() != v.size() || (k.size() != 3 && k.size() != 4)) c.give_up("key of unlike rank");
  const bool split = k.size() == 4;
  const Heads h = make_heads(c, n, n, dim, split ? v[3].a : head_size(c, v[2], n));
  c.unify(q[2], h.queries(c), true);
  c.unify(split ? k[3] : k[2], split ? h.qk : h.keys(c), true);
  c.unify(split ? v[3] : v[2], split ? h.v : h.values(c), true);
  if (split) {
    for (const auto* x : {&k, &v}) c.unify((*x)[1], h.kv, true);
  }
  for (const auto* x : {&k, &v}) c.unify((*x)[0], q[0], true);
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

// query [s,b,in], key [t,b,in], weights of q [in,h*d] and of k and v [in,h*d + h*v], bias, mask,
// caches, and flags that choose the form at run time
void decoder_attention(RuleCall& c) {
  const auto &q = c.in(0).axes, &k = c.in(1).axes, &wq = c.in(2).axes, &wkv = c.in(3).axes;
  if (q.size() != 3 || k.size() != 3 || wq.size() != 2 || wkv.size() != 2) c.give_up("unlike rank");
  const std::int64_t n = c.attr("num_heads", 0), dim = head_size(c, wq[1], n);
  const Heads h = make_heads(c, n, n, dim, dim);
  c.unify(q[2], wq[0], true);
  c.unify(k[2], wkv[0], true);
  c.unify(q[1], k[1], true);
  c.unify(wq[1], h.queries(c));
  c.unify(wkv[1], c.sum({h.keys(c), h.values(c)}));
  c.unify(c.in(4).axes.at(0), h.packed(c));
  pin_with(c, 5, {q[1], k[0]}, "attention mask");
  if (c.has(6)) match_cache(c, 6, q[1], h.kv, h.qk);
  if (c.has(7)) match_cache(c, 7, q[1], h.kv, h.v);
  for (const Axis& axis : {q[0], k[0]}) c.pin(axis, "positions in a cache");
  const Axis keys = c.unknown_extent("positions in a cache");
  c.out(0, {q[0], q[1], h.result(c)}, c.in(0).type);
  c.out(1, {q[1], h.kv, keys, h.qk}, c.in(0).type);
  c.out(2, {q[1], h.kv, keys, h.v}, c.in(0).type);
}

constexpr auto kLongformer =
    "pins: the layout of the merged weights is the choice of the kernel that exports them";
void longformer(RuleCall& c) { c.give_up(kLongformer); }

constexpr auto kMs = "com.microsoft";
constexpr auto kAttend =
    "([b,s,i],[i,h*d+h*d+h*v],[h*d+h*d+h*v],!m,[!2,b,h,!p,d],[b,h,s,s])->([b,s,h*v])";
constexpr auto kMulti = "([b,s,h*d],[b,t,h*d],[b,t,h*v],[h*d+h*d+h*v],!m,[b,h,s,t])->([b,s,h*v])";

const OpRule kRules[] = {
    {kMs, "Attention", 1, kAnyOpset, kAttend, attention},
    {kMs, "QAttention", 1, kAnyOpset, kAttend, quantised_attention},
    {kMs, "DecoderMaskedSelfAttention", 1, kAnyOpset, kAttend, decoder_self_attention},
    {kMs, "PackedAttention", 1, kAnyOpset, "([!t,i],[i,h*d+h*d+h*v],[h*d+h*d+h*v])->([!t,h*v])",
     packed_attention},
    {kMs, "MultiHeadAttention", 1, kAnyOpset, kMulti, multi_head_attention},
    {kMs, "DecoderMaskedMultiHeadAttention", 1, kAnyOpset, kMulti, decoder_attention_one},
    {kMs, "PackedMultiHeadAttention", 1, kAnyOpset, "([!t,h*d],[!t,h*d],[!t,h*v])->([!t,h*v])",
     packed_multi_head_attention},
    {kMs, "DecoderAttention", 1, kAnyOpset,
     "([!s,b,i],[!t,b,j],[i,h*d],[j,h*d+h*v],[h*d+h*d+h*v])->([!s,b,h*v])", decoder_attention},
    {kMs, "LongformerAttention", 1, kAnyOpset, kLongformer, longformer},
};

}  // namespace

std::span<const OpRule> attention_contrib_rules() { return kRules; }

}  // namespace permcrypt
