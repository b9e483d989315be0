// The attention operators of ONNX itself: Attention (23, 24), and RotaryEmbedding of both domains.
#include "infer/registry.h"
#include "infer/rules/heads.h"

namespace permcrypt {
namespace {

// One of Q, K, V: [batch, heads, sequence, dim] or [batch, sequence, heads * dim].
struct Sequence {
  Axis batch, sequence;
  std::int64_t heads = 0, dim = 0;
};

Sequence sequence_of(RuleCall& c, std::size_t k, std::string_view heads) {
  const auto& x = c.in(k).axes;
  if (x.size() == 4 && !x[1].dynamic() && !x[3].dynamic()) return {x[0], x[2], x[1].a, x[3].a};
  if (x.size() != 3) c.give_up("operand of unlike rank");
  const std::int64_t n = c.attr(heads, 0);
  return {x[0], x[1], n, head_size(c, x[2], n)};
}

void match_sequence(RuleCall& c, std::size_t k, const Axis& head, const Axis& dim) {
  const auto& x = c.in(k).axes;
  if (x.size() == 3) return c.unify(x[2], c.product({head, dim}), true);
  c.unify(x[1], head, true);
  c.unify(x[3], dim, true);
}

// A mask may be shorter than the keys; the rest is masked out.
void match_mask(RuleCall& c, const std::vector<Axis>& scores) {
  if (!c.has(3)) return;
  std::vector<Axis> mask = c.in(3).axes;
  if (mask.size() > scores.size()) c.give_up("mask of unlike rank");
  if (!mask.empty() && !mask.back().unit() && !mask.back().same_extent(scores.back())) {
    for (const Axis& axis : {mask.back(), scores.back()}) c.pin(axis, "mask shorter than the keys");
    mask.back() = c.unit();
  }
  c.broadcast(scores, mask);
}

bool sees_order(const RuleCall& c) {
  return c.attr("is_causal", 0) != 0 || c.attr("left_window_size", -1) >= 0 ||
         c.attr("right_window_size", -1) >= 0;
}

// Q, K, V, mask, past key, past value, number of valid keys
void attention(RuleCall& c) {
  c.at_most(7);
  const Sequence q = sequence_of(c, 0, "q_num_heads"), k = sequence_of(c, 1, "kv_num_heads"),
                 v = sequence_of(c, 2, "kv_num_heads");
  const Heads h = make_heads(c, q.heads, k.heads, q.dim, v.dim);
  match_sequence(c, 0, h.head, h.qk);
  match_sequence(c, 1, h.kv, h.qk);
  match_sequence(c, 2, h.kv, h.v);
  c.unify(q.batch, k.batch, true);
  c.unify(q.batch, v.batch, true);
  c.unify(k.sequence, v.sequence, true);
  if (sees_order(c)) {
    for (const Axis& axis : {q.sequence, k.sequence}) c.pin(axis, "causal mask");
  }
  Axis keys = k.sequence;
  if (c.has(4) != c.has(5)) c.give_up("half a cache");
  if (c.has(4)) {
    match_cache(c, 4, q.batch, h.kv, h.qk);
    match_cache(c, 5, q.batch, h.kv, h.v);
    keys = append(c, c.in(4).axes[2], k.sequence);
  }
  pin_with(c, 6, {q.batch, keys, q.sequence}, "number of valid keys");
  const std::vector<Axis> scores{q.batch, h.head, q.sequence, keys};
  match_mask(c, scores);
  const bool split = c.rank(0) == 4;
  c.out(0,
        split ? std::vector<Axis>{q.batch, h.head, q.sequence, h.v}
              : std::vector<Axis>{q.batch, q.sequence, h.result(c)},
        c.in(0).type);
  c.out(1, {q.batch, h.kv, keys, h.qk}, c.in(1).type);
  c.out(2, {q.batch, h.kv, keys, h.v}, c.in(2).type);
  c.out(3, scores, c.in(0).type);
}

// ---------------------------------------------------------------------------- rotary embedding

// X [batch, heads, sequence, dim] or [batch, sequence, heads * dim]; the operand slots of each
// domain.
struct RotarySlots {
  std::size_t positions, cosine, sine;
};

Axis rotary_dim(RuleCall& c, const std::vector<Axis>& x, const Axis& angle) {
  if (x.size() == 4) return x[3];
  if (x.size() != 3 || x[2].dynamic()) c.give_up("operand of unlike rank");
  std::int64_t heads = c.attr("num_heads", 0);
  if (heads == 0 && angle.a > 0) heads = x[2].a / (2 * angle.a);
  const Axis dim = c.free(head_size(c, x[2], heads));
  c.align({x[2]}, {c.free(heads), dim});
  return dim;
}

// Rows of the tables are read by position: as an index where positions are given one by one, else
// counted from an offset or given out already.
void match_positions(RuleCall& c, const RotarySlots& slots, const Axis& batch,
                     const Axis& sequence) {
  Operand &cosine = c.in(slots.cosine), &sine = c.in(slots.sine);
  const bool given = c.has(slots.positions);
  Operand* positions = c.optional(slots.positions);
  for (Operand* table : {&cosine, &sine}) {
    if (given && table->axes.size() != 2) c.give_up("rotary table of unlike rank");
    if (given && positions->axes.size() == 2 && positions->label != kNone) {
      c.labels.attach(positions->label, table->axes[0]);
    } else if (given) {
      pin_with(c, slots.positions, {table->axes[0], sequence}, "rotary positions in order");
    } else {
      if (table->axes.size() != 3) c.give_up("rotary table of unlike rank");
      c.broadcast({batch, sequence}, {table->axes[0], table->axes[1]});
    }
  }
  if (given && positions->axes.size() == 2) c.broadcast({batch, sequence}, positions->axes);
}

void rotary(RuleCall& c, const RotarySlots& slots) {
  c.at_most(4);
  const auto& x = c.in(0).axes;
  const Operand &cosine = c.in(slots.cosine), &sine = c.in(slots.sine);
  if (cosine.axes.empty()) c.give_up("rotary table is a scalar");
  const Axis dim = rotary_dim(c, x, cosine.axes.back());
  match_positions(c, slots, x[0], x.size() == 4 ? x[2] : x[1]);
  const std::int64_t part = c.attr("rotary_embedding_dim", 0);
  rotate(c, dim, cosine, sine, part ? part : dim.a, c.attr("interleaved", 0) != 0);
  c.out(0, x, c.in(0).type);
}

// Three positions for each token, [3,b,s], each of which turns a section of the angles.
void multimodal_rotary(RuleCall& c) {
  const auto& x = c.in(0).axes;
  Operand &positions = c.in(1), &cosine = c.in(2), &sine = c.in(3);
  if (cosine.axes.size() != 2 || sine.axes.size() != 2 || positions.axes.size() != 3) {
    c.give_up("operand of unlike rank");
  }
  const Axis dim = rotary_dim(c, x, cosine.axes[1]);
  c.pin(positions.axes[0], "three kinds of positions");
  c.broadcast({x[0], x.size() == 4 ? x[2] : x[1]}, {positions.axes[1], positions.axes[2]});
  for (Operand* table : {&cosine, &sine}) {
    if (positions.label == kNone) c.pin(table->axes[0], "rotary positions in order");
    if (positions.label != kNone) c.labels.attach(positions.label, table->axes[0]);
  }
  const std::int64_t part = c.attr("rotary_embedding_dim", 0);
  rotate(c, dim, cosine, sine, part ? part : dim.a, c.attr("interleaved", 0) != 0);
  std::vector<Axis> sections;
  for (const std::int64_t n : c.attr_ints("mrope_section").value_or(std::vector<std::int64_t>{})) {
    if (n != 0) sections.push_back(c.free(n));
  }
  if (c.attr("mrope_layout", 0)) {
    c.pin(cosine.axes[1], "angles of three positions in turn");
  } else {
    c.unify(cosine.axes[1], c.sum(sections));
  }
  c.out(0, x, c.in(0).type);
}

void onnx_rotary(RuleCall& c) { rotary(c, {3, 1, 2}); }
void contrib_rotary(RuleCall& c) { rotary(c, {1, 2, 3}); }

constexpr auto kRotary = "([b,s,h*(f+f+d)], ids[b,s]=p, [p,f],[p,f])->([b,s,h*(f+f+d)])";

const OpRule kRules[] = {
    {"", "Attention", 23, kAnyOpset, "([b,g*r,s,d],[b,g,t,d],[b,g,t,v],[b,g*r,s,t])->([b,g*r,s,v])",
     attention},
    {"", "RotaryEmbedding", 23, kAnyOpset, kRotary, onnx_rotary, true},
    {"com.microsoft", "RotaryEmbedding", 1, kAnyOpset, kRotary, contrib_rotary, true},
    {"com.microsoft", "MRotaryEmbedding", 1, kAnyOpset,
     "([b,s,h*(f+f+d)], ids[!3,b,s]=p, [p,f],[p,f])->([b,s,h*(f+f+d)])", multimodal_rotary, true},
};

}  // namespace

std::span<const OpRule> attention_rules() { return kRules; }

}  // namespace permcrypt
