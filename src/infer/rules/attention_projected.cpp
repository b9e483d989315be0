// ONNX Runtime's fused attention with the projection of q, k and v inside.
#include "infer/registry.h"
#include "infer/rules/heads.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

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

void attention(RuleCall& c) {
  c.at_most(7);
  attend(c, {2, 3, 4, 5, 6}, c.in(0).type);
}

// x, w, bias, x scale, w scale, mask, x zero, w zero, past
void quantised_attention(RuleCall& c) {
  c.at_most(9);
  require_scalar(c, 3);
  require_scalar(c, 6);
  attend(c, {2, 5, 8, kNoSlot, kNoSlot}, c.in(3).type);
  for (const std::size_t k : {4, 7}) c.per_index(c.optional(k), c.in(1).axes[1]);
}

// A shared buffer holds the keys in blocks of the head dimension: pinned with it.
void decoder_self_attention(RuleCall& c) {
  c.at_most(9);
  const Heads h = attend(c, {2, 3, 4, 5, 6}, c.in(0).type);
  if (c.attr("past_present_share_buffer", 0)) c.pin(h.qk, "keys lie in blocks in a shared cache");
  for (const std::size_t k : {7, 8}) pin_with(c, k, {c.in(0).axes[0]}, "beams");
}

// x [tokens, in]; which tokens form a sequence is data.
void packed_attention(RuleCall& c) {
  c.at_most(6);
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

// query [s,b,in], key [t,b,in], weights of q [in,h*d] and of k and v [in,h*d + h*v], bias, mask,
// caches, and flags that choose the form at run time
void decoder_attention(RuleCall& c) {
  c.at_most(12);
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

constexpr auto kMs = "com.microsoft";
constexpr auto kAttend =
    "([b,s,i],[i,h*d+h*d+h*v],[h*d+h*d+h*v],!m,[!2,b,h,!p,d],[b,h,s,s])->([b,s,h*v])";

const OpRule kRules[] = {
    {kMs, "Attention", 1, kAnyOpset, kAttend, attention},
    {kMs, "QAttention", 1, kAnyOpset, kAttend, quantised_attention},
    {kMs, "DecoderMaskedSelfAttention", 1, kAnyOpset, kAttend, decoder_self_attention},
    {kMs, "PackedAttention", 1, kAnyOpset, "([!t,i],[i,h*d+h*d+h*v],[h*d+h*d+h*v])->([!t,h*v])",
     packed_attention},
    {kMs, "DecoderAttention", 1, kAnyOpset,
     "([!s,b,i],[!t,b,j],[i,h*d],[j,h*d+h*v],[h*d+h*d+h*v])->([!s,b,h*v])", decoder_attention},
    {kMs, "LongformerAttention", 1, kAnyOpset, kLongformer, nullptr},
};

}  // namespace

std::span<const OpRule> attention_projected_rules() { return kRules; }

}  // namespace permcrypt
