// Fused embeddings and position biases, and the operators that generate text by running a body.
#include "infer/registry.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// A table [rows, hidden] read at the indices of operand `ids`.
void look_up(RuleCall& c, std::size_t ids, std::size_t table, const Axis& hidden) {
  const auto& rows = c.in(table).axes;
  if (rows.size() != 2) c.give_up("table of unlike rank");
  c.unify(rows[1], hidden);
  if (const LabelId label = c.in(ids).label; label != kNone) {
    c.labels.attach(label, rows[0]);
  } else {
    c.pin(rows[0], "indexed by computed values");
  }
}

// The operands of EmbedLayerNormalization, in order, and where the positions are, if anywhere.
// Returns the embedded tokens, [batch, sequence, hidden].
std::vector<Axis> embed(RuleCall& c, std::size_t positions) {
  const std::vector<Axis> ids = c.in(0).axes;
  if (ids.size() != 2 || c.rank(2) != 2) c.give_up("ids of unlike rank");
  const Axis hidden = c.in(2).axes[1];
  look_up(c, 0, 2, hidden);
  if (c.has(positions)) {
    look_up(c, positions, 3, hidden);
    c.broadcast(ids, c.in(positions).axes);
  } else {
    c.unify(c.in(3).axes.at(1), hidden);
    for (const Axis& axis : {c.in(3).axes[0], ids[1]}) c.pin(axis, "positions in order");
  }
  if (c.has(1) != c.has(4)) c.give_up("segments without a table");
  if (c.has(1)) {
    look_up(c, 1, 4, hidden);
    c.broadcast(ids, c.in(1).axes);
  }
  for (const std::size_t k : {5, 6}) c.per_index(&c.in(k), hidden);
  if (c.has(7)) {
    Operand& mask = c.in(7);
    c.broadcast(ids, mask.axes);
    c.pin(ids[1], "length of a mask");
    if (mask.label != kNone) c.labels.pin(mask.label, "length of a mask");
  }
  return {ids[0], ids[1], hidden};
}

// ids, segments, tables of words, positions and segments, gamma, beta, mask, positions
void embed_layer_norm(RuleCall& c) {
  c.at_most(9);
  const std::vector<Axis> out = embed(c, 8);
  c.out(0, out, c.in(2).type);
  c.out(1, {out[0]}, T::INT32);
  c.out(2, out, c.in(2).type);
}

// The same in 8 bits: scales and zero points of each table, of gamma and of beta follow.
void quantised_embed_layer_norm(RuleCall& c) {
  c.at_most(18);
  for (std::size_t k = 8; k < c.inputs(); ++k) require_scalar(c, k);
  constexpr std::size_t kNoPositions = 1000;
  const std::vector<Axis> out = embed(c, kNoPositions);
  c.out(0, out, c.in(8).type);
  c.out(1, {out[0]}, T::INT32);
}

Axis counted(RuleCall& c, std::size_t operand) {
  const auto length = c.ints(operand);
  if (!length || length->a.size() != 1) return c.unknown_extent("relative positions");
  return c.fixed(length->a[0], length->b[0], "relative positions");
}

// A table [buckets, heads] -> [1, heads, queries, keys]
void relative_position_bias(RuleCall& c) {
  const auto& table = c.in(0).axes;
  if (table.size() != 2) c.give_up("table of unlike rank");
  c.pin(table[0], "buckets of relative positions");
  const Axis queries = counted(c, 1), keys = counted(c, 2);
  c.out(0, {c.unit(), table[1], queries, keys}, c.in(0).type);
}

// x [b,s,h*d], bias [h*d], positions [1,h,s,s], gates [d,2*f], bias [2*f], factors [1,h,1,1]
void gated_relative_position_bias(RuleCall& c) {
  const auto &x = c.in(0).axes, &positions = c.in(2).axes, &gate = c.in(3).axes;
  if (x.size() != 3 || positions.size() != 4 || gate.size() != 2 || c.has(6)) {
    c.give_up("form not handled");
  }
  const auto [head, dim] = c.divide(x[2], c.attr("num_heads", 0));
  c.per_index(&c.in(1), x[2]);
  c.unify(positions[1], head);
  c.unify(positions[2], x[1], true);
  c.unify(gate[0], dim, true);
  c.pin(c.divide(gate[1], 2).first, "the two gates");
  c.per_index(&c.in(4), gate[1]);
  c.per_index(&c.in(5), head);
  c.out(0, {x[0], head, x[1], positions[3]}, c.in(0).type);
}

constexpr auto kGenerates =
    "pins: it runs a model as its body, whose inputs and outputs ONNX Runtime finds by name";

constexpr auto kMs = "com.microsoft";
constexpr auto kEmbed =
    "(ids[b,s]=v, ids[b,s]=t, [v,h],[p,h],[t,h],[h],[h],[b,s], ids[b,s]=p)->([b,s,h],[b],[b,s,h])";

const OpRule kRules[] = {
    {kMs, "EmbedLayerNormalization", 1, kAnyOpset, kEmbed, embed_layer_norm, true},
    {kMs, "QEmbedLayerNormalization", 1, kAnyOpset, kEmbed, quantised_embed_layer_norm, true},
    {kMs, "RelativePositionBias", 1, kAnyOpset, "([!k,h])->([1,h,!s,!t])", relative_position_bias},
    {kMs, "GatedRelativePositionBias", 1, kAnyOpset,
     "([b,s,h*d],[h*d],[1,h,s,t],[d,!2*f],[!2*f],[1,h,1,1])->([b,h,s,t])",
     gated_relative_position_bias},
    {kMs, "GreedySearch", 1, kAnyOpset, kGenerates, nullptr},
    {kMs, "BeamSearch", 1, kAnyOpset, kGenerates, nullptr},
    {kMs, "Sampling", 1, kAnyOpset, kGenerates, nullptr},
    {kMs, "WhisperBeamSearch", 1, kAnyOpset, kGenerates, nullptr},
};

}  // namespace

std::span<const OpRule> embedding_rules() { return kRules; }

}  // namespace permcrypt
