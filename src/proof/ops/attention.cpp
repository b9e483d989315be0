// Attention, by its definition: scores[h, i, j] = q[h, i, d] k[h, j, d], their Softmax over j, and
// out[h, i, e] = scores[h, i, j] v[h, j, e]. Heads of keys and values may be fewer than those of
// queries: query head g*r + i reads head g.
#include <algorithm>

#include "proof/ops/heads.h"
#include "proof/ops/indices.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// q[b, h, i, d] or [b, i, h*d]; the number of heads is an attribute then.
Heads by_head(const Step& s, std::size_t k, std::string_view heads) {
  const Axes& x = s.fibred_axes(k);
  if (x.size() == 4) return heads_of(s, x);
  const std::int64_t n = s.attr(heads, 0);
  if (x.size() != 3 || n <= 0) throw NotUnderstood{"no heads"};
  return split_heads(s, x, n);
}

// A mask or bias meets the scores [b, h, i, j].
void must_fit_scores(const Step& s, std::size_t k, const Heads& q, const Axis& heads,
                     const Axis& places) {
  if (!s.has(k)) return;
  Axes mask = s.axes(k);
  if (mask.size() > 4) throw NotUnderstood{"a mask of higher rank"};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::size_t from_end = mask.size() - i;
    const Axis& other = from_end == 1   ? places
                        : from_end == 2 ? q.place
                        : from_end == 3 ? heads
                                        : q.batch;
    s.orders.meet(mask[i], other);
  }
}

// Of what is appended to operand `past`: as many places more as that has.
Axes present(const Step& s, std::size_t past, const Heads& all) {
  Axis place = all.place;
  if (s.has(past)) {
    place = s.plain(s.terms.add(s.in_order(s.fibred_axes(past)[2]).extent, place.extent));
  }
  return {all.batch, all.head, place, all.part};
}

// q, k, v, mask, past key, past value
void attention(Step& s) {
  const Heads q = by_head(s, 0, "q_num_heads");
  const Heads k = appended_to_past(s, 4, by_head(s, 1, "kv_num_heads")),
              v = appended_to_past(s, 5, by_head(s, 2, "kv_num_heads"));
  const Axis heads = attend(s, q, k, v);
  const Axis part = by_query(s, q, k, v.part);
  if (s.attr("is_causal", 0) != 0 || s.has(4) || s.has(5)) hold_places(s, q, k);
  must_fit_scores(s, 3, q, heads, s.has(4) ? s.plain(s.terms.unknown_extent()) : k.place);
  const Axes keys = present(s, 4, k);
  const bool merged = s.fibred_axes(0).size() == 3;
  const Axes out = merged ? Axes{q.batch, q.place, s.product({heads, part})}
                          : Axes{q.batch, heads, q.place, part};
  s.out(0, out, s.type(0));
  s.out(1, keys, s.type(1));
  s.out(2, present(s, 5, v), s.type(2));
  s.out(3, {q.batch, heads, q.place, keys[2]}, s.type(0));
}

// x, weights, bias, mask, past, attention bias: q, k, v of one product. QAttention has scales and
// zero points in between. Returns the heads.
Axis projected(Step& s, std::size_t bias, std::size_t mask, std::size_t past) {
  const Axes &x = s.axes(0), &w = s.axes(1);
  if (x.size() != 3 || w.size() != 2) throw NotUnderstood{"operands of another rank"};
  s.equal_extents(x[2], w[0]);
  s.per_index(bias, w[1]);
  const std::int64_t heads = s.attr("num_heads", 0);
  const auto total = s.terms.value(w[1].extent);
  const auto given = s.attr_ints("qkv_hidden_sizes");
  if (!total || (!given && *total % 3 != 0)) throw NotUnderstood{"weights of unknown extent"};
  const std::vector<std::int64_t> sizes = given.value_or(std::vector<std::int64_t>(3, *total / 3));
  if (sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != *total) {
    throw NotUnderstood{"parts that do not fit"};
  }
  const auto part = [&](std::int64_t begin, std::int64_t size) {
    return split_heads(s, {x[0], x[1], s.cut(w[1], begin, begin + size)}, heads);
  };
  const Heads q = part(0, sizes[0]);
  Heads k = part(sizes[0], sizes[1]), v = part(sizes[0] + sizes[1], sizes[2]);
  if (s.has(past)) {
    const Axes& before = s.fibred_axes(past);  // 2, b, h, s, d
    if (before.size() != 5) throw NotUnderstood{"a past of another rank"};
    s.in_order(before[0]);
    const Heads heads = heads_of(s, Axes(before.begin() + 1, before.end()));
    s.in_order(heads.place);
    k = appended(s, heads, k);
    v = appended(s, heads, v);
  }
  const Axis head = attend(s, q, k, v);
  s.must_be_plain(mask);
  if (s.attr("unidirectional", 0) != 0 || s.attr("do_rotary", 0) != 0 || s.has(mask) ||
      s.has(past) || s.node.outputs.size() > 1) {
    hold_places(s, q, k);
  }
  if (s.attr("do_rotary", 0) != 0) {
    s.in_order(q.part);
    s.in_order(k.part);
  }
  s.out(0, {x[0], x[1], s.product({head, v.part})}, s.type(0));
  if (s.node.outputs.size() > 1) {
    const Axis both = s.orders.meet(k.part, v.part);
    s.out(1, {s.counted(2), x[0], head, s.plain(s.terms.unknown_extent()), both}, s.type(0));
  }
  return head;
}

void attention_projected(Step& s) {
  if (s.has(6)) throw NotUnderstood{"a shared buffer"};
  const Axis head = projected(s, 2, 3, 4);
  const Axes& x = s.axes(0);
  const Heads q{x[0], head, x[1], {}};
  must_fit_scores(s, 5, q, head, s.has(4) ? s.plain(s.terms.unknown_extent()) : x[1]);
}

// x, weights, bias, scale of x, scales of w, mask, zero of x, zeros of w, past
void attention_quantised(Step& s) {
  s.must_be_plain(3);
  s.must_be_plain(6);
  for (const std::size_t k : {4, 7}) s.per_index(k, s.axes(1).at(1));
  projected(s, 2, 5, 8);
  s.results[0]->type = T::FLOAT;
}

// q, k, v, bias, key padding mask, attention bias, past key, past value
void multi_head(Step& s) {
  if (!s.has(1) || !s.has(2) || s.operands() > 8) throw NotUnderstood{"packed operands"};
  const std::int64_t n = s.attr("num_heads", 0);
  const Axes& x = s.axes(0);
  if (x.size() != 3) throw NotUnderstood{"packed operands"};
  const auto each = [&](std::size_t k) {
    const Axes& a = s.fibred_axes(k);
    return a.size() == 4 ? heads_of(s, a) : split_heads(s, a, n);
  };
  const Heads q = split_heads(s, x, n), now[] = {each(1), each(2)};
  const Heads k = appended_to_past(s, 6, now[0]), v = appended_to_past(s, 7, now[1]);
  const Axis head = attend(s, q, k, v);
  if (s.has(3)) {
    const auto size = [&](const Heads& h) {
      return *s.terms.value(h.head.extent) * s.terms.value(h.part.extent).value_or(0);
    };
    const Axis& bias = s.axes(3).at(0);
    std::int64_t at = 0;
    for (const Heads* h : {&q, &now[0], &now[1]}) {
      s.orders.meet(s.cut(bias, at, at + size(*h)), s.product({h->head, h->part}));
      at += size(*h);
    }
  }
  s.must_be_plain(4);
  if (s.attr("unidirectional", 0) != 0 || s.has(4) || s.has(6) || s.has(7)) hold_places(s, q, k);
  must_fit_scores(s, 5, q, head, s.has(6) ? s.plain(s.terms.unknown_extent()) : k.place);
  s.out(0, {x[0], x[1], s.product({head, v.part})}, s.type(0));
  s.out(1, present(s, 6, k), s.type(0));
  s.out(2, present(s, 7, v), s.type(0));
}

// q, k, v, past key, past value, lengths, total length, cos, sin, positions, bias, sink
void grouped(Step& s) {
  const std::int64_t n = s.attr("num_heads", 0), kv = s.attr("kv_num_heads", 0);
  if (s.has(12) || s.has(13)) throw NotUnderstood{"a cache in small numbers"};
  if (n <= 0 || kv <= 0 || n % kv != 0) throw NotUnderstood{"no heads"};
  const Axes& x = s.axes(0);
  if (x.size() != 3) throw NotUnderstood{"operands of another rank"};
  Heads q, k, v;
  if (s.has(1)) {
    q = split_heads(s, x, n);
    k = split_heads(s, s.axes(1), kv);
    v = split_heads(s, s.axes(2), kv);
  } else {
    const auto total = s.terms.value(x[2].extent);
    if (!total || *total % (n + 2 * kv) != 0) throw NotUnderstood{"packed operands"};
    const std::int64_t d = *total / (n + 2 * kv);
    const auto part = [&](std::int64_t first, std::int64_t count) {
      return split_heads(s, {x[0], x[1], s.cut(x[2], first * d, (first + count) * d)}, count);
    };
    q = part(0, n);
    k = part(n, kv);
    v = part(n + kv, kv);
  }
  k = appended_to_past(s, 3, k);
  v = appended_to_past(s, 4, v);
  const Axis head = attend(s, q, k, v);
  hold_places(s, q, k);
  for (const std::size_t i : {5, 6, 9}) s.must_be_plain(i);
  must_fit_scores(s, 10, q, head, s.plain(s.terms.unknown_extent()));
  s.per_index(11, head);
  if (s.attr("do_rotary", 0) != 0) {
    const bool interleaved = s.attr("rotary_interleaved", 0) != 0;
    for (const std::size_t table : {7, 8}) {
      s.in_order(s.axes(table).at(0));
      rotate(s, q.part, s.axes(table).back(), interleaved);
      rotate(s, k.part, s.axes(table).back(), interleaved);
    }
  }
  const auto present = [&](std::size_t past, const Heads& all) {
    if (s.has(past)) s.in_order(s.fibred_axes(past)[2]);
    return Axes{all.batch, all.head, s.plain(s.terms.unknown_extent()), all.part};
  };
  s.out(0, {x[0], x[1], s.product({head, by_query(s, q, k, v.part)})}, s.type(0));
  s.out(1, present(3, k), s.type(0));
  s.out(2, present(4, v), s.type(0));
}

// Each place reads the row of the tables that its position names; without positions, its own; with
// a single one, those that follow it.
void fit_rows(const Step& s, std::size_t positions, const Axes& table, const Axis& batch,
              const Axis& place) {
  if (!s.has(positions)) {
    if (table.size() != 3) throw NotUnderstood{"tables of another rank"};
    s.orders.meet(table[0], batch);
    s.orders.meet(table[1], place);
    return;
  }
  if (table.size() != 2) throw NotUnderstood{"tables of another rank"};
  const Axes& each = shape_of(s, positions);
  if (each.size() == 2) {
    must_fit(s, positions, table[0]);
    s.orders.meet(each[0], batch);
    s.orders.meet(each[1], place);
  } else {
    s.must_be_plain(positions);
    s.in_order(table[0]);
    s.in_order(place);
  }
}

// x[b, s, h*d] or [b, h, s, d], positions, cos[p, d/2], sin
void rotary(Step& s, std::size_t positions, std::size_t cos, std::string_view heads) {
  const Axes& x = s.axes(0);
  if (x.size() < 3) throw NotUnderstood{"operands of another rank"};
  const std::int64_t rotated = s.attr("rotary_embedding_dim", 0);
  Axis part = x.back();
  if (x.size() == 3) {
    std::int64_t n = s.attr(heads, 0);
    const auto half = s.terms.value(s.axes(cos).back().extent), all = s.terms.value(part.extent);
    if (n == 0 && half && all && *half > 0 && *all % (2 * *half) == 0) n = *all / (2 * *half);
    if (n <= 0) throw NotUnderstood{"no heads"};
    part = split_heads(s, x, n).part;
  }
  if (rotated > 0) {
    const auto all = s.terms.value(part.extent);
    if (!all) throw NotUnderstood{"heads of unknown extent"};
    s.cut(part, rotated, *all);
    part = s.cut(part, 0, rotated);
  }
  for (const std::size_t table : {cos, cos + 1}) {
    fit_rows(s, positions, s.axes(table), x[0], x[x.size() == 3 ? 1 : 2]);
    rotate(s, part, s.axes(table).back(), s.attr("interleaved", 0) != 0);
  }
  s.out(0, x, s.type(0));
}

void rotary_contrib(Step& s) { rotary(s, 1, 2, "num_heads"); }
void rotary_standard(Step& s) { rotary(s, 3, 1, "num_heads"); }

const Entry kEntries[] = {
    {"", "Attention", attention},
    {"", "RotaryEmbedding", rotary_standard},
    {"com.microsoft", "Attention", attention_projected},
    {"com.microsoft", "QAttention", attention_quantised},
    {"com.microsoft", "MultiHeadAttention", multi_head},
    {"com.microsoft", "GroupQueryAttention", grouped},
    {"com.microsoft", "RotaryEmbedding", rotary_contrib},
};

}  // namespace

std::span<const Entry> attention_definitions() { return kEntries; }

}  // namespace permcrypt::proof
