// Networks with a state that runs along time, which has an order. LSTM, GRU and RNN: every gate has
// the hidden units in the same order; the two directions are different networks.
#include <string>

#include "infer/registry.h"
#include "infer/rules/heads.h"

namespace permcrypt {
namespace {

struct Recurrence {
  std::int64_t gates = 1;
  bool transposed_weights = false;  // [directions, in, gates * hidden]
};

Axis repeated(RuleCall& c, const Axis& axis, std::int64_t times) {
  return c.sum(std::vector<Axis>(static_cast<std::size_t>(times), axis));
}

// The axes of operand k; the one of the directions is pinned.
std::vector<Axis> directed(RuleCall& c, std::size_t k, std::size_t rank, std::size_t direction) {
  const auto& axes = c.in(k).axes;
  if (axes.size() != rank) c.give_up("operand of unlike rank");
  c.pin(axes[direction], "direction");
  return axes;
}

// x, weights, recurrent weights, biases [directions, 2 * gates * hidden]
Axis match_weights(RuleCall& c, const Recurrence& r, const Axis& in) {
  const auto w = directed(c, 1, 3, 0), u = directed(c, 2, 3, 0);
  const std::size_t gates = r.transposed_weights ? 2 : 1, from = 3 - gates;
  const std::int64_t size = c.attr("hidden_size", w[gates].a / r.gates);
  if (size < 1) c.give_up("hidden size missing");
  const Axis hidden = c.free(size), all = repeated(c, hidden, r.gates);
  c.unify(in, w[from], true);
  c.unify(w[gates], all);
  c.unify(u[gates], all);
  c.unify(u[from], hidden);
  if (c.has(3)) c.unify(directed(c, 3, 2, 0)[1], repeated(c, hidden, 2 * r.gates));
  return hidden;
}

// Sequence lengths, initial states, peepholes [directions, 3 * hidden].
void match_state(RuleCall& c, const Axis& batch, const Axis& hidden, bool batch_first) {
  if (c.has(4)) c.unify(c.in(4).axes.at(0), batch, true);
  for (const std::size_t k : {5, 6}) {
    if (!c.has(k)) continue;
    const auto state = directed(c, k, 3, batch_first ? 1 : 0);
    c.unify(state[batch_first ? 0 : 1], batch, true);
    c.unify(state[2], hidden);
  }
  if (c.has(7)) c.unify(directed(c, 7, 2, 0)[1], repeated(c, hidden, 3));
}

Axis recur(RuleCall& c, const Recurrence& r) {
  const auto& x = c.in(0).axes;
  if (x.size() != 3) c.give_up("input of unlike rank");
  const bool batch_first = c.attr("layout", 0) != 0;
  const Axis time = x[batch_first ? 1 : 0], batch = x[batch_first ? 0 : 1];
  c.pin(time, "time");
  const Axis hidden = match_weights(c, r, x[2]), direction = c.in(1).axes[0];
  match_state(c, batch, hidden, batch_first);
  const std::int32_t type = c.in(0).type;
  if (batch_first) {
    c.out(0, {batch, time, direction, hidden}, type);
    for (const std::size_t k : {1, 2}) c.out(k, {batch, direction, hidden}, type);
  } else {
    c.out(0, {time, direction, batch, hidden}, type);
    for (const std::size_t k : {1, 2}) c.out(k, {direction, batch, hidden}, type);
  }
  return hidden;
}

void lstm(RuleCall& c) { recur(c, {4, false}); }
void gru(RuleCall& c) { recur(c, {3, false}); }
void rnn(RuleCall& c) { recur(c, {1, false}); }

// Scales and zero points of both weights, [directions] or [directions, 4 * hidden].
void quantised_lstm(RuleCall& c) {
  const Axis hidden = recur(c, {4, true});
  for (std::size_t k = 8; k < c.inputs(); ++k) {
    if (!c.has(k)) continue;
    const auto p = directed(c, k, c.in(k).axes.size() == 2 ? 2 : 1, 0);
    if (p.size() == 2 && !p[1].unit()) c.unify(p[1], repeated(c, hidden, 4));
  }
}

// Each token updates a state [b,g,d,v] by its key and value, and its query reads it. A decay for
// each head, or each of its keys; a rate for each head, or one.
void linear_attention(RuleCall& c) {
  const auto &q = c.in(0).axes, &k = c.in(1).axes, &v = c.in(2).axes;
  if (q.size() != 3 || k.size() != 3 || v.size() != 3) c.give_up("operand of unlike rank");
  if (c.attr("state_window", 0)) c.give_up("several states at once");
  const std::int64_t heads = c.attr("q_num_heads", 0), kv_heads = c.attr("kv_num_heads", 0);
  const Heads h =
      make_heads(c, heads, kv_heads, head_size(c, k[2], kv_heads), head_size(c, v[2], kv_heads));
  for (const auto* x : {&k, &v}) {
    c.unify(q[0], (*x)[0], true);
    c.unify(q[1], (*x)[1], true);
  }
  c.pin(q[1], "time");
  c.unify(q[2], h.queries(c));
  c.unify(k[2], h.keys(c));
  c.unify(v[2], h.values(c));
  if (c.has(3)) {
    const auto& state = c.in(3).axes;
    if (state.size() != 4) c.give_up("state of unlike rank");
    c.broadcast({q[0], h.kv, h.qk, h.v}, state);
  }
  for (const std::size_t gate : {4, 5}) {
    if (!c.has(gate)) continue;
    const auto& x = c.in(gate).axes;
    if (x.size() != 3) c.give_up("gate of unlike rank");
    c.broadcast({q[0], q[1], x[2].same_extent(h.kv) ? h.kv : k[2]}, x);
  }
  c.out(0, {q[0], q[1], h.result(c)}, c.in(0).type);
  c.out(1, {q[0], h.kv, h.qk, h.v}, c.in(0).type);
}

// A convolution of each channel with its own past.
void causal_conv(RuleCall& c) {
  const auto &x = c.in(0).axes, &w = c.in(1).axes;
  for (const auto name : {"channels_last", "state_window", "state_update_capacity",
                          "input_channels", "input_channel_offset", "state_length"}) {
    if (c.attr(name, 0)) c.give_up(std::string(name) + " is not handled");
  }
  if (x.size() < 3 || w.size() != x.size() || w.back().dynamic()) c.give_up("no convolution");
  c.unify(x[1], w[0], true);
  for (std::size_t i = 2; i < x.size(); ++i) {
    c.pin(x[i], "time");
    c.pin(w[i], "time");
  }
  if (c.has(2)) c.per_index(&c.in(2), x[1]);
  std::vector<Axis> state = x;
  state.back() = c.fixed((w.back().a - 1) * c.attr("dilation", 1), "time");
  if (c.has(3)) c.broadcast(state, c.in(3).axes);
  c.out(0, x, c.in(0).type);
  c.out(1, std::move(state), c.in(0).type);
}

#define RECURRENT(g) "([!t,b,i],[!d," g ",i],[!d," g ",f],[!d," g "+" g "])->([!t,!d,b,f],[!d,b,f])"
constexpr auto kLstm = RECURRENT("f+f+f+f");
constexpr auto kGru = RECURRENT("f+f+f");
constexpr auto kRnn = RECURRENT("f");
#undef RECURRENT

constexpr auto kLinear =
    "([b,!s,g*r*d],[b,!s,g*d],[b,!s,g*v],[b,g,d,v],[b,!s,g*d],[b,!s,g])->([b,!s,g*r*v],[b,g,d,v])";
constexpr auto kCausal = "([b,c,!s],[c,1,!k],[c],[b,c,!p])->([b,c,!s],[b,c,!p])";

const OpRule kRules[] = {
    {"", "LSTM", 1, kAnyOpset, kLstm, lstm},
    {"", "GRU", 1, kAnyOpset, kGru, gru},
    {"", "RNN", 1, kAnyOpset, kRnn, rnn},
    {"com.microsoft", "DynamicQuantizeLSTM", 1, kAnyOpset,
     "as LSTM, weights [!d,i,f+f+f+f], scales and zero points [!d] or [!d,f+f+f+f]",
     quantised_lstm},
    {"", "LinearAttention", 27, kAnyOpset, kLinear, linear_attention},
    {"com.microsoft", "LinearAttention", 1, kAnyOpset, kLinear, linear_attention},
    {"", "CausalConvWithState", 27, kAnyOpset, kCausal, causal_conv},
    {"com.microsoft", "CausalConvWithState", 1, kAnyOpset, kCausal, causal_conv},
};

}  // namespace

std::span<const OpRule> recurrent_rules() { return kRules; }

}  // namespace permcrypt
