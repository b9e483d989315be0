#include "proof/ops/indices.h"

#include <algorithm>

namespace permcrypt::proof {

const Axes& shape_of(const Step& s, std::size_t k) {
  const Claim& x = s.claim(k);
  if (!x.axes) throw NotUnderstood{"an operand of unknown shape"};
  if (x.reshaped()) throw NotUnderstood{"packed elements"};
  return unfibred(s.orders, *x.axes);
}

namespace {

// One and the same position everywhere.
std::optional<std::int64_t> only_place(const Step& s, const Claim& index) {
  const auto ramp = ramp_of(s.terms, index);
  if (!ramp) return std::nullopt;
  const auto place = s.terms.value(ramp->start);
  const bool moves =
      std::ranges::any_of(ramp->steps, [&](TermId step) { return !s.terms.is(step, 0); });
  return place && *place >= 0 && !moves ? place : std::nullopt;
}

}  // namespace

Axis must_fit(const Step& s, std::size_t k, const Axis& axis) {
  const OrderId code = s.claim(k).code;
  if (code == kPlain && axis.order == kPlain) return axis;
  const auto extent = s.terms.value(axis.extent);
  if (!extent) throw NotUnderstood{"renumbered indices of an axis of unknown extent"};
  if (code != kPlain && *extent != static_cast<std::int64_t>(s.orders.permutation(code).size())) {
    throw Contradiction{"indices are numbered like an axis of another extent"};
  }
  if (const auto place = code == kPlain ? only_place(s, s.claim(k)) : std::nullopt) {
    s.orders.select(axis, std::span(&*place, 1));
    return axis;
  }
  const OrderId counted = code == kPlain ? kPlain : s.orders.inverse(code);
  if (!s.orders.holds(axis, counted)) {
    throw Contradiction{"indices are numbered unlike the axis they index"};
  }
  return {axis.extent, counted, axis.repeats};
}

namespace {

// Positions that count through the axis, in mixed radix: a Reshape of it, perhaps transposed.
std::optional<Axes> counted_through(const Step& s, const Axes& index, const Ramp& ramp,
                                    const Axis& axis) {
  std::vector<std::size_t> fast_first;
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (!s.is_unit(index[i])) fast_first.push_back(i);
  }
  TermId step = s.terms.constant(1);
  std::vector<std::size_t> order;
  while (order.size() < fast_first.size()) {
    const auto next = std::ranges::find_if(fast_first, [&](std::size_t i) {
      return ramp.steps[i] == step && std::ranges::find(order, i) == order.end();
    });
    if (next == fast_first.end()) return std::nullopt;
    step = s.terms.multiply(step, index[*next].extent);
    order.insert(order.begin(), *next);
  }
  if (step != axis.extent || !s.terms.is(ramp.start, 0)) return std::nullopt;
  std::vector<TermId> extents;
  for (const std::size_t i : order) extents.push_back(index[i].extent);
  const auto parts = s.orders.regroup(std::span(&axis, 1), extents);
  Axes out(index.size(), s.unit());
  for (std::size_t j = 0; j < order.size(); ++j) out[order[j]] = parts[j];
  return out;
}

}  // namespace

Axes picked(const Step& s, std::size_t k, const Axis& axis) {
  constexpr std::size_t kShort = 4096;
  const Claim& index = s.claim(k);
  const Axes& axes = shape_of(s, k);
  if (!index.same()) {
    must_fit(s, k, axis);
    return axes;
  }
  const auto ramp = axis.order == kPlain ? std::nullopt : ramp_of(s.terms, index);
  if (ramp) {
    if (auto parts = counted_through(s, axes, *ramp, axis)) return *std::move(parts);
  }
  const auto extent = s.terms.value(axis.extent);
  const bool known = index.ints && extent && (axis.order != kPlain || index.ints->size() <= kShort);
  std::vector<std::int64_t> positions;
  for (const TermId x : known ? *index.ints : Ints{}) {
    if (const auto value = s.terms.value(x)) {
      positions.push_back(*value < 0 ? *value + *extent : *value);
    }
  }
  if (!known || positions.size() != index.ints->size()) {
    must_fit(s, k, axis);
    return axes;
  }
  const Axis all = s.orders.select(axis, positions);
  std::vector<TermId> extents;
  for (const Axis& a : axes) extents.push_back(a.extent);
  return s.orders.regroup(std::span(&all, 1), extents);
}

}  // namespace permcrypt::proof
