// Mixture of experts: each expert is a network of its own, chosen by its place in the router's
// list.
#include <string>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

// Operands of one matrix of all experts.
struct Matrix {
  std::size_t weights, bias, scales = kNowhere, zeros = kNowhere;
  static constexpr std::size_t kNowhere = 1000;  // the operator has none
};

// All experts see the same tokens; of those chosen, the results are summed up.
struct Experts {
  Axis expert, width, inner;
};

// x[.., width], router[tokens, expert], and perhaps the weights to sum up by, like the router.
Experts routed(Step& s, std::size_t router_weights) {
  const Axes &x = s.axes(0), &router = s.axes(1);
  if (s.attr("use_sparse_mixer", 0) != 0) throw NotUnderstood{"a sparse mixer"};
  if (x.empty() || router.size() != 2) throw NotUnderstood{"operands of another rank"};
  s.equal_extents(s.product(Axes(x.begin(), x.end() - 1)), router[0]);
  if (router[1].order != kPlain) {
    s.assumptions.insert("no two numbers that " + s.node.op + " chooses among are equal");
  }
  if (s.has(router_weights)) {
    const Axes& weights = s.axes(router_weights);
    for (std::size_t i = 0; i < 2; ++i) s.equal_extents(weights.at(i), router[i]);
  }
  return {router[1], x.back(), s.unit()};
}

// Rows of the first matrix: one for each inner neuron or, for a gate and what passes it, two, next
// to each other or in two halves.
void fit_rows(const Step& s, const Axis& rows, const Axis& inner) {
  const TermId two = s.terms.constant(2);
  const std::int64_t fusion =
      s.attr_text("activation_type", "relu") == "swiglu" ? s.attr("swiglu_fusion", 0) : 0;
  if (rows.extent == inner.extent) {
    s.orders.meet(rows, inner);
  } else if (rows.extent != s.terms.multiply(inner.extent, two) || fusion < 1 || fusion > 2) {
    throw NotUnderstood{"gates in one with weights"};
  } else if (fusion == 1) {
    const auto [row, place] = s.divide(rows, inner.extent, two);
    s.orders.meet(row, inner);
    s.in_order(place);
  } else {
    const auto n = s.terms.value(inner.extent);
    if (!n) throw NotUnderstood{"halves of unknown extent"};
    s.orders.meet(s.cut(rows, 0, *n), inner);
    s.orders.meet(s.cut(rows, *n, 2 * *n), inner);
  }
}

// A bias [expert, rows].
void fit_bias(const Step& s, std::size_t k, const Experts& e, const Axis& rows) {
  if (!s.has(k)) return;
  s.equal_extents(s.axes(k).at(0), e.expert);
  s.equal_extents(s.axes(k).at(1), rows);
}

// ----------------------------------------------------------------------- weights as they are

const Axes& weights(const Step& s, std::size_t k) {
  const Axes& out = s.axes(k);
  if (out.size() != 3) throw NotUnderstood{"weights of another rank"};
  return out;
}

// Each expert's matrix [in, out], or transposed: which of them, its width says.
Axes oriented(const Step& s, std::size_t k, const Experts& e, bool width_first) {
  Axes w = weights(s, k);
  s.equal_extents(w[0], e.expert);
  const bool as_written = w[width_first ? 1 : 2].extent == e.width.extent;
  const bool as_transposed = w[width_first ? 2 : 1].extent == e.width.extent;
  if (as_written == as_transposed) throw NotUnderstood{"weights of unclear orientation"};
  if (as_transposed) std::swap(w[1], w[2]);
  return w;
}

// x, router, and weights and bias of the first, the second and perhaps a third matrix.
void experts(Step& s) {
  Experts e = routed(s, Matrix::kNowhere);
  const Axes first = oriented(s, 2, e, true), second = oriented(s, 4, e, false);
  e.inner = second[1];
  s.equal_extents(first[1], e.width);
  fit_rows(s, first[2], e.inner);
  fit_bias(s, 3, e, first[2]);
  fit_bias(s, 5, e, second[2]);
  if (s.has(6)) {
    const Axes third = oriented(s, 6, e, true);
    s.equal_extents(third[1], e.width);
    s.equal_extents(third[2], e.inner);
    fit_bias(s, 7, e, third[2]);
  }
  Axes out = s.axes(0);
  out.back() = second[2];
  s.out(0, std::move(out), s.type(0));
}

// ------------------------------------------------------------------------------ quantised

// The elements of a constant. Where they have no numbers of their own, several are a byte.
Axes elements(const Step& s, std::size_t k, std::int64_t bits) {
  const Claim& c = s.claim(k);
  if (!c.axes || c.axes->empty() || c.code != kPlain || c.joint) {
    throw NotUnderstood{"an operand of unknown shape"};
  }
  if (c.packed_bits != 0 && c.packed_bits != bits) throw NotUnderstood{"packed in another way"};
  Axes out = *c.axes;
  if (c.packed_bits == 0 && c.type == onnx::TensorProto::UINT8 && bits != 8) {
    if (bits < 1 || 8 % bits != 0) throw NotUnderstood{"elements of so many bits"};
    const TermId bytes = s.in_order(out.back()).extent;
    out.back() = s.plain(s.terms.multiply(bytes, s.terms.constant(8 / bits)));
  }
  return out;
}

// One for each index of the axis, the last byte perhaps filled up.
void fit_parameter(const Step& s, const Axis& parameter, const Axis& axis) {
  if (parameter.extent == axis.extent) {
    s.orders.meet(parameter, axis);
  } else {
    s.in_order(parameter);
    s.in_order(axis);
  }
}

// Scales or zero points [expert, rows], or [expert, rows, blocks] with blocks along `in`.
void fit_parameters(const Step& s, std::size_t k, std::int64_t bits, const Axes& w,
                    std::int64_t block) {
  if (!s.has(k)) return;
  const Axes p = elements(s, k, bits);
  if (p.size() != (block > 0 ? 3U : 2U)) throw NotUnderstood{"parameters of another rank"};
  s.orders.meet(p[0], w[0]);
  if (block > 0) {
    s.orders.meet(p[1], w[1]);
    fit_parameter(s, p[2], s.orders.runs(w[2], block));
  } else {
    fit_parameter(s, p[1], w[1]);
  }
}

// The weights [expert, rows, in] of one matrix, with its parameters.
Axes quantised(const Step& s, const Matrix& m, int number, const Experts& e) {
  const std::int64_t bits = s.attr("fc" + std::to_string(number) + "_expert_weight_bits",
                                   s.attr("expert_weight_bits", 4));
  const Axes w = elements(s, m.weights, bits);
  if (w.size() != 3) throw NotUnderstood{"weights of another rank"};
  s.equal_extents(w[0], e.expert);
  const std::int64_t block = s.attr("block_size", 0);
  fit_parameters(s, m.scales, bits, w, block);
  fit_parameters(s, m.zeros, bits, w, block);
  fit_bias(s, m.bias, e, w[1]);
  return w;
}

// The same with weights of a few bits, always [expert, out, in].
void quantised_experts(Step& s) {
  if (s.attr_text("quant_type", "int") != "int" || s.attr("weights_prepacked", -1) == 1) {
    throw NotUnderstood{"weights in another layout"};
  }
  Experts e = routed(s, 14);
  const Axes first = quantised(s, {2, 4, 3, 11}, 1, e);
  const Axes second = quantised(s, {5, 7, 6, 12}, 2, e);
  e.inner = second[2];
  s.equal_extents(first[2], e.width);
  fit_rows(s, first[1], e.inner);
  if (s.has(8)) {
    const Axes third = quantised(s, {8, 10, 9, 13}, 3, e);
    s.equal_extents(third[2], e.width);
    s.equal_extents(third[1], e.inner);
  }
  Axes out = s.axes(0);
  out.back() = second[1];
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"com.microsoft", "MoE", experts},
    {"com.microsoft", "QMoE", quantised_experts},
};

}  // namespace

std::span<const Entry> expert_definitions() { return kEntries; }

}  // namespace permcrypt::proof
