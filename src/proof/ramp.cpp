// Positions that are computed as i * step + j * step + ..: how exporters write strided views.
#include <algorithm>
#include <string_view>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using MaybeRamp = std::optional<Ramp>;

MaybeRamp operand(Step& s, std::size_t k) {
  return s.has(k) ? ramp_of(s.terms, s.claim(k)) : std::nullopt;
}

std::size_t rank_of(const Step& s) { return s.results[0]->axes->size(); }

// The steps of an operand that is broadcast to the result.
std::vector<TermId> aligned(const Step& s, std::size_t k, const Ramp& ramp) {
  std::vector<TermId> out(rank_of(s) - ramp.steps.size(), s.terms.constant(0));
  const Axes& axes = *s.claim(k).axes;
  for (std::size_t i = 0; i < ramp.steps.size(); ++i) {
    out.push_back(s.is_unit(axes[i]) ? s.terms.constant(0) : ramp.steps[i]);
  }
  return out;
}

MaybeRamp sum(Step& s, bool minus) {
  const auto x = operand(s, 0), y = operand(s, 1);
  if (!x || !y) return std::nullopt;
  const auto combine = [&](TermId a, TermId b) {
    return minus ? s.terms.subtract(a, b) : s.terms.add(a, b);
  };
  Ramp out{combine(x->start, y->start), aligned(s, 0, *x)};
  const auto other = aligned(s, 1, *y);
  for (std::size_t i = 0; i < other.size(); ++i) out.steps[i] = combine(out.steps[i], other[i]);
  return out;
}

MaybeRamp scaled(Step& s) {
  for (const std::size_t k : {0, 1}) {
    const auto factor = operand(s, k), x = operand(s, 1 - k);
    if (!factor || !x) return std::nullopt;
    const auto moves = aligned(s, k, *factor);
    if (std::ranges::any_of(moves, [&](TermId t) { return !s.terms.is(t, 0); })) continue;
    Ramp out{s.terms.multiply(x->start, factor->start), aligned(s, 1 - k, *x)};
    for (TermId& step : out.steps) step = s.terms.multiply(step, factor->start);
    return out;
  }
  return std::nullopt;
}

MaybeRamp range(Step& s) {
  const auto &start = s.claim(0).ints, &step = s.claim(2).ints;
  if (!start || !step || start->size() != 1 || step->size() != 1) return std::nullopt;
  return Ramp{start->front(), {step->front()}};
}

// The same number everywhere.
MaybeRamp filled(Step& s) {
  const auto value = s.attr_tensor("value");
  if (!value || value->size() != 1) return std::nullopt;
  return Ramp{s.terms.constant(value->front()), Ints(rank_of(s), s.terms.constant(0))};
}

// Axes of extent 1 come and go.
MaybeRamp reshaped(Step& s) {
  const auto x = operand(s, 0);
  if (!x) return std::nullopt;
  Ramp out{x->start, {}};
  const Axes& before = *s.claim(0).axes;
  std::size_t next = 0;
  const auto skip_units = [&] {
    while (next < before.size() && s.is_unit(before[next])) ++next;
  };
  for (const Axis& axis : *s.results[0]->axes) {
    if (s.is_unit(axis)) {
      out.steps.push_back(s.terms.constant(0));
      continue;
    }
    skip_units();
    if (next == before.size() || before[next].extent != axis.extent) return std::nullopt;
    out.steps.push_back(x->steps[next++]);
  }
  skip_units();
  return next == before.size() ? MaybeRamp(out) : std::nullopt;
}

MaybeRamp expanded(Step& s) {
  const auto x = operand(s, 0);
  if (!x) return std::nullopt;
  return Ramp{x->start, aligned(s, 0, *x)};
}

MaybeRamp transposed(Step& s) {
  const auto x = operand(s, 0);
  const auto perm = s.attr_ints("perm");
  if (!x || !perm) return std::nullopt;
  Ramp out{x->start, {}};
  for (const std::int64_t p : *perm) out.steps.push_back(x->steps.at(s.axis(p, x->steps.size())));
  return out;
}

}  // namespace

std::optional<Ramp> ramp_of(Terms& terms, const Claim& claim) {
  if (claim.ramp) return *claim.ramp;
  if (!claim.ints || claim.ints->empty()) return std::nullopt;
  const Ints& x = *claim.ints;
  Ramp out{x[0], std::vector<TermId>(claim.axes->size(), terms.constant(0))};
  std::vector<std::size_t> extents;
  for (const Axis& axis : *claim.axes) {
    extents.push_back(static_cast<std::size_t>(*terms.value(axis.extent)));
  }
  std::size_t stride = 1;
  for (std::size_t k = extents.size(); k-- > 0; stride *= extents[k]) {
    if (extents[k] > 1) out.steps[k] = terms.subtract(x[stride], x[0]);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    TermId expected = out.start;
    std::size_t rest = i;
    for (std::size_t k = extents.size(); k-- > 0; rest /= extents[k]) {
      const auto position = static_cast<std::int64_t>(rest % extents[k]);
      if (position == 0) continue;
      expected = terms.add(expected, terms.multiply(out.steps[k], terms.constant(position)));
    }
    if (expected != x[i]) return std::nullopt;
  }
  return out;
}

std::optional<Ramp> find_ramp(Step& s) {
  using T = onnx::TensorProto;
  const std::string_view op = s.node.op;
  const Claim& result = *s.results[0];
  if (!s.node.domain.empty() || (result.type != T::INT64 && result.type != T::INT32)) {
    return std::nullopt;
  }
  if (op == "Range") return range(s);
  if (op == "ConstantOfShape") return filled(s);
  if (op == "Add" || op == "Sub") return sum(s, op == "Sub");
  if (op == "Mul") return scaled(s);
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape") return reshaped(s);
  if (op == "Expand") return expanded(s);
  if (op == "Transpose") return transposed(s);
  if (op == "Cast" || op == "Identity") return operand(s, 0);
  return std::nullopt;
}

}  // namespace permcrypt::proof
