// Operators that fold an axis, or run along it.
#include <algorithm>
#include <numeric>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

// Where an axis that leads others is folded, these must be too: out() sees to that.
void reduce(Step& s) {
  const Axes& x = s.fibred_axes(0);
  auto axes = s.ints_given("axes", 1).value_or(std::vector<std::int64_t>{});
  if (axes.empty()) {
    if (s.attr("noop_with_empty_axes", 0) != 0) {
      s.out(0, x, s.type(0));
      return;
    }
    axes.resize(x.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::vector<bool> folded(x.size(), false);
  for (const std::int64_t k : axes) folded[s.axis(k, x.size())] = true;
  Axes out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!folded[i]) out.push_back(x[i]);
    if (folded[i] && s.attr("keepdims", 1) != 0) out.push_back(s.unit());
  }
  s.out(0, std::move(out), s.type(0));
}

// A sum over all, in any order: Softmax and its kin give each element its share.
void shares(Step& s) { s.out(0, s.axes(0), s.type(0)); }

// Along one axis; before opset 13 along all from one on.
void softmax(Step& s) {
  const Axes& x = s.fibred_axes(0);
  if (has_fibres(s.orders, x)) {
    const bool flat = s.node.opset < 13;
    const std::size_t first = s.axis(s.attr("axis", flat ? 1 : -1), x.size());
    s.must_share(x, first, flat ? x.size() - 1 : first);
  }
  s.out(0, x, s.type(0));
}

void running(Step& s) {
  Axes out = s.axes(0);
  const std::int64_t given = s.has(1) ? s.integer(1) : s.attr("axis", 0);
  Axis& axis = out[s.axis(given, out.size())];
  axis = s.in_order(axis);
  s.out(0, std::move(out), s.type(0));
}

// Of equal elements the first one counts. Before opset 13 along all axes from one on.
void hardmax(Step& s) {
  Axes out = s.axes(0);
  const bool flat = s.node.opset < 13;
  const std::size_t first = s.axis(s.attr("axis", flat ? 1 : -1), out.size());
  for (std::size_t i = first; i < (flat ? out.size() : first + 1); ++i) out[i] = s.in_order(out[i]);
  s.out(0, std::move(out), s.type(0));
}

void biased_softmax(Step& s) { s.out(0, s.broadcast(s.axes(0), s.axes(1)), s.type(0)); }

void triangle(Step& s) {
  Axes out = s.axes(0);
  if (out.size() < 2) throw NotUnderstood{"no matrix"};
  s.must_be_plain(1);
  for (std::size_t i = out.size() - 2; i < out.size(); ++i) out[i] = s.in_order(out[i]);
  s.out(0, std::move(out), s.type(0));
}

// Real and imaginary parts along the last axis.
void fourier(Step& s) {
  Axes out = s.axes(0);
  if (out.size() < 2 || s.attr("onesided", 0) != 0 || s.has(1)) {
    throw NotUnderstood{"another length"};
  }
  const std::int64_t along = s.has(2) ? s.integer(2) : s.attr("axis", 1);
  Axis& axis = out[s.axis(along, out.size())];
  axis = s.in_order(axis);
  s.in_order(out.back());
  out.back() = s.counted(2);
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"", "DFT", fourier},
    {"", "ReduceL1", reduce},
    {"", "ReduceL2", reduce},
    {"", "ReduceLogSum", reduce},
    {"", "ReduceLogSumExp", reduce},
    {"", "ReduceMax", reduce},
    {"", "ReduceMean", reduce},
    {"", "ReduceMin", reduce},
    {"", "ReduceProd", reduce},
    {"", "ReduceSum", reduce},
    {"", "ReduceSumSquare", reduce},
    {"", "Softmax", softmax},
    {"", "LogSoftmax", softmax},
    {"", "LpNormalization", shares},
    {"", "MeanVarianceNormalization", shares},
    {"com.microsoft", "BiasSoftmax", biased_softmax},
    {"", "Hardmax", hardmax},
    {"", "CumSum", running},
    {"", "CumProd", running},
    {"", "Trilu", triangle},
    {"com.microsoft", "Trilu", triangle},
};

}  // namespace

std::span<const Entry> reduction_definitions() { return kEntries; }

}  // namespace permcrypt::proof
