// LSTM, GRU and RNN: every gate has the hidden units in the same order. Time has an order; the two
// directions are different networks.
#include "infer/registry.h"

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

#define RECURRENT(g) "([!t,b,i],[!d," g ",i],[!d," g ",f],[!d," g "+" g "])->([!t,!d,b,f],[!d,b,f])"
constexpr auto kLstm = RECURRENT("f+f+f+f");
constexpr auto kGru = RECURRENT("f+f+f");
constexpr auto kRnn = RECURRENT("f");
#undef RECURRENT

const OpRule kRules[] = {
    {"", "LSTM", 1, kAnyOpset, kLstm, lstm},
    {"", "GRU", 1, kAnyOpset, kGru, gru},
    {"", "RNN", 1, kAnyOpset, kRnn, rnn},
    {"com.microsoft", "DynamicQuantizeLSTM", 1, kAnyOpset,
     "as LSTM, weights [!d,i,f+f+f+f], scales and zero points [!d] or [!d,f+f+f+f]",
     quantised_lstm},
};

}  // namespace

std::span<const OpRule> recurrent_rules() { return kRules; }

}  // namespace permcrypt
