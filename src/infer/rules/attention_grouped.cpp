// ONNX Runtime's attention with fewer heads of keys than of queries, and with a cache of its own.
#include "infer/registry.h"
#include "infer/rules/heads.h"

namespace permcrypt {
namespace {

// query [.., h*d], key [.., kv*d], value [.., kv*v], or all of them in the query.
Heads read_heads(RuleCall& c) {
  const auto& q = c.in(0).axes;
  const std::int64_t n = c.attr("num_heads", 0), kv = c.attr("kv_num_heads", 0);
  if (q.empty() || n < 1 || kv < 1) c.give_up("heads do not divide");
  if (c.has(1) != c.has(2)) c.give_up("key without value");
  if (!c.has(1)) {
    const std::int64_t dim = head_size(c, q.back(), n + 2 * kv);
    const Heads h = make_heads(c, n, kv, dim, dim);
    c.unify(q.back(), h.packed(c));
    return h;
  }
  const auto &k = c.in(1).axes, &v = c.in(2).axes;
  if (k.size() != q.size() || v.size() != q.size()) c.give_up("key of unlike rank");
  const Heads h = make_heads(c, n, kv, head_size(c, q.back(), n), head_size(c, v.back(), kv));
  c.unify(q.back(), h.queries(c));
  c.unify(k.back(), h.keys(c), true);
  c.unify(v.back(), h.values(c));
  for (const auto* x : {&k, &v}) c.unify((*x)[0], q[0], true);
  return h;
}

// The operator counts positions itself: nothing along its sequences moves.
void pin_sequences(RuleCall& c) {
  for (const std::size_t k : {0, 1, 2}) {
    if (!c.has(k)) continue;
    const auto& x = c.in(k).axes;
    for (std::size_t i = 1; i + 1 < x.size(); ++i) c.pin(x[i], "positions counted by the operator");
  }
}

void rotate_if_asked(RuleCall& c, const Heads& h, std::size_t cosine, std::size_t sine) {
  if (!c.attr("do_rotary", 0)) return;
  if (c.in(cosine).axes.empty()) c.give_up("rotary table is a scalar");
  rotate_in_order(c, h.qk, cosine, sine, 2 * c.in(cosine).axes.back().a,
                  c.attr("rotary_interleaved", 0) != 0);
}

// Weights of a normalisation of each head of queries and keys, before the rotary embedding.
void normalise_heads(RuleCall& c, const Heads& h, std::initializer_list<std::size_t> operands) {
  for (const std::size_t k : operands) c.per_index(c.optional(k), h.qk);
}

void require_plain_cache(const RuleCall& c) {
  for (const char* name : {"k_cache_dtype", "v_cache_dtype"}) {
    const std::string type = c.attr_text(name, "");
    if (type == "int4" || type == "float4e2m1") c.give_up("cache packed into bytes");
  }
  if (c.attr("kv_cache_bit_width", 8) == 4) c.give_up("cache packed into bytes");
}

// query, key, value, past key, past value, lengths, length, cos, sin, positions, score bias, sinks,
// scales of the cache, norm weights, query lengths
void group_query_attention(RuleCall& c) {
  const auto& q = c.in(0).axes;
  if (q.size() != 3) c.give_up("query of unlike rank");
  c.at_most(17);
  require_plain_cache(c);
  const Heads h = read_heads(c);
  rotate_if_asked(c, h, 7, 8);
  pin_sequences(c);
  if (c.has(3)) match_cache(c, 3, q[0], h.kv, h.qk);
  if (c.has(4)) match_cache(c, 4, q[0], h.kv, h.v);
  for (const std::size_t k : {5, 6, 9, 16}) pin_with(c, k, {q[0]}, "positions in a cache");
  if (c.has(10)) {
    const auto& bias = c.in(10).axes;
    if (bias.size() != 4) c.give_up("attention bias of unlike rank");
    match(c, 10, {q[0], h.head, bias[2], bias[3]});
    for (const std::size_t i : {2, 3}) c.pin(bias[i], "positions counted by the operator");
  }
  c.per_index(c.optional(11), h.head);
  match(c, 12, {c.unit(), h.kv, c.unit(), h.qk});
  match(c, 13, {c.unit(), h.kv, c.unit(), h.v});
  normalise_heads(c, h, {14, 15});
  // How long the buffer becomes depends on the lengths, unless there was none.
  const Axis keys =
      c.has(3) ? c.unknown_extent("positions in a cache") : (c.has(1) ? c.in(1).axes[1] : q[1]);
  const std::int32_t cache = c.has(3) ? c.in(3).type : c.in(0).type;
  c.out(0, {q[0], q[1], h.result(c)}, c.in(0).type);
  c.out(1, {q[0], h.kv, keys, h.qk}, cache);
  c.out(2, {q[0], h.kv, keys, h.v}, cache);
  c.out(3, {q[0], h.head, q[1], c.unknown_extent("positions in a cache")}, c.in(0).type);
}

// query, key, value, past key, past value, block rows, block columns, length, lengths, cos, sin
void sparse_attention(RuleCall& c) {
  const auto& q = c.in(0).axes;
  if (q.size() != 3) c.give_up("query of unlike rank");
  c.at_most(11);
  const Heads h = read_heads(c);
  rotate_if_asked(c, h, 9, 10);
  pin_sequences(c);
  match_cache(c, 3, q[0], h.kv, h.qk);
  match_cache(c, 4, q[0], h.kv, h.v);
  for (const std::size_t k : {5, 6, 7, 8}) pin_with(c, k, {q[0]}, "positions in a cache");
  if (c.rank(5) != 2 || c.in(5).axes[0].dynamic()) c.give_up("block layout of unlike rank");
  const std::int64_t layouts = c.in(5).axes[0].a;
  if (layouts < 1 || h.head.a % layouts != 0) c.give_up("layouts do not divide the heads");
  // Heads take the layouts in turn.
  c.align({h.head}, {c.free(h.head.a / layouts), c.fixed(layouts, "layout of a head")});
  c.out(0, {q[0], q[1], h.result(c)}, c.in(0).type);
  for (const std::size_t k : {1, 2}) c.out(k, c.in(k + 2).axes, c.in(k + 2).type);
}

// query [tokens,h*d], key, value, caches [blocks, block, kv, dim], lengths, lengths, block table,
// cos, sin, slots, sinks, norm weights, scales of the cache, bounds
void paged_attention(RuleCall& c) {
  const auto& q = c.in(0).axes;
  c.at_most(17);
  if (q.size() != 2 || c.attr("rotary_offset", 0) ||
      c.attr_text("kv_cache_layout", "SEPARATE") != "SEPARATE") {
    c.give_up("form not handled");
  }
  require_plain_cache(c);
  const Heads h = read_heads(c);
  rotate_if_asked(c, h, 8, 9);
  for (const std::size_t k : {0, 1, 2}) {
    if (c.has(k)) c.pin(c.in(k).axes[0], "tokens of packed sequences");
  }
  for (const std::size_t k : {3, 4}) {
    const auto& cache = c.in(k).axes;
    if (cache.size() != 4) c.give_up("cache of unlike rank");
    for (const std::size_t i : {0, 1}) c.pin(cache[i], "positions in a cache");
    c.unify(cache[2], h.kv, true);
    c.unify(cache[3], k == 3 ? h.qk : h.v, true);
    c.out(k - 2, cache, c.in(k).type);
  }
  for (const std::size_t k : {5, 6, 7, 10, 16}) pin_with(c, k, {}, "positions in a cache");
  c.per_index(c.optional(11), h.head);
  normalise_heads(c, h, {12, 13});
  match(c, 14, {h.kv, c.unit(), h.qk});
  match(c, 15, {h.kv, c.unit(), h.v});
  c.out(0, {q[0], h.result(c)}, c.in(0).type);
}

constexpr auto kMs = "com.microsoft";
constexpr auto kGrouped =
    "([b,!s,g*r*d],[b,!t,g*d],[b,!t,g*v],[b,g,!p,d],[b,g,!p,v])->([b,!s,g*r*v],[b,g,!t,d],[b,g,!t,"
    "v])";

const OpRule kRules[] = {
    {kMs, "GroupQueryAttention", 1, kAnyOpset, kGrouped, group_query_attention},
    {kMs, "SparseAttention", 1, kAnyOpset, kGrouped, sparse_attention},
    {kMs, "PagedAttention", 1, kAnyOpset,
     "([!t,g*r*d],[!t,g*d],[!t,g*v],[!n,!m,g,d],[!n,!m,g,v])->([!t,g*r*v])", paged_attention},
};

}  // namespace

std::span<const OpRule> attention_grouped_rules() { return kRules; }

}  // namespace permcrypt
