// Recurrent networks: time and direction have a meaning; all gates number the hidden units alike.
#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

struct Layout {
  std::int64_t gates;
  bool transposed = false;  // weights[dirs, in, gates*hidden]
};

// gates x hidden along `axis`, each gate in the same order.
void must_be_gates(const Step& s, const Axis& axis, std::int64_t gates, const Axis& hidden) {
  const auto [gate, unit] = s.divide(axis, s.terms.constant(gates), hidden.extent);
  s.in_order(gate);
  s.orders.meet(unit, hidden);
}

// With layout 1, the batch comes before time and directions.
//
// x[t, b, in], w[dirs, gates*hidden, in], r[dirs, gates*hidden, hidden], bias, lengths, h, c,
// peephole
void recur(Step& s, Layout layout) {
  const std::size_t first = s.attr("layout", 0) != 0 ? 1 : 0;  // axis of the directions in a state
  Axes x = s.axes(0);
  Axes w = s.axes(1), r = s.axes(2);
  if (x.size() != 3 || w.size() != 3 || r.size() != 3) throw NotUnderstood{"another rank"};
  if (first == 1) std::swap(x[0], x[1]);
  if (layout.transposed) {
    std::swap(w[1], w[2]);
    std::swap(r[1], r[2]);
  }
  const Axis direction = s.in_order(s.equal_extents(w[0], r[0])), time = s.in_order(x[0]);
  const Axis hidden = r[2];
  s.equal_extents(x[2], w[2]);
  must_be_gates(s, w[1], layout.gates, hidden);
  must_be_gates(s, r[1], layout.gates, hidden);
  if (s.has(3)) {
    s.in_order(s.axes(3).at(0));
    must_be_gates(s, s.axes(3).at(1), 2 * layout.gates, hidden);
  }
  s.per_index(4, x[1]);
  for (const std::size_t k : {5, 6}) {
    if (!s.has(k)) continue;
    s.in_order(s.axes(k).at(first));
    s.equal_extents(s.axes(k).at(1 - first), x[1]);
    s.equal_extents(s.axes(k).at(2), hidden);
  }
  if (s.has(7)) must_be_gates(s, s.axes(7).at(1), 3, hidden);
  const Axes all = first == 1 ? Axes{x[1], time, direction, hidden}
                              : Axes{time, direction, x[1], hidden};
  const Axes last = first == 1 ? Axes{x[1], direction, hidden} : Axes{direction, x[1], hidden};
  s.out(0, all, s.type(0));
  s.out(1, last, s.type(0));
  s.out(2, last, s.type(0));
}

void lstm(Step& s) { recur(s, {4}); }
void gru(Step& s) { recur(s, {3}); }
void rnn(Step& s) { recur(s, {1}); }

// As LSTM, with scale and zero point of w and of r: per direction, or per gate and unit.
void quantised_lstm(Step& s) {
  recur(s, {4, true});
  for (std::size_t k = 8; k < s.operands(); ++k) {
    if (!s.has(k)) continue;
    const Axes& scale = s.axes(k);
    s.in_order(scale.at(0));
    if (scale.size() > 1) must_be_gates(s, scale[1], 4, s.axes(2)[1]);
  }
}

const Entry kEntries[] = {
    {"", "LSTM", lstm},
    {"", "GRU", gru},
    {"", "RNN", rnn},
    {"com.microsoft", "DynamicQuantizeLSTM", quantised_lstm},
};

}  // namespace

std::span<const Entry> recurrent_definitions() { return kEntries; }

}  // namespace permcrypt::proof
