#include "lock/strength.h"

#include <algorithm>
#include <cmath>

#include "lock/constraint_graph.h"
#include "lock/settle.h"

namespace permcrypt {

double log2_factorial(std::int64_t n) {
  return std::lgamma(static_cast<double>(n) + 1) / std::log(2.0);
}

double bits_of(LockedGraph& locked, ExprId expr) {
  double bits = 0;
  const auto factors = locked.inference.axes.factors(expr);
  for (const ExprId f : std::set<ExprId>(factors.begin(), factors.end())) {
    if (locked.inference.axes.is_free(f)) bits += log2_factorial(locked.inference.axes.size(f));
  }
  return bits;
}

double bits_of(LockedGraph& locked, const LockSite& lock) {
  double most = 0;
  for (const ExprId side : sides(locked, lock)) most = std::max(most, bits_of(locked, side));
  return most;
}

double client_bits(LockedGraph& locked, const LockSite& map) {
  return map.arranged != kNone ? bits_of(locked, map.arranged) : bits_of(locked, map);
}

std::set<ExprId> free_factors(LockedGraph& locked, const std::vector<LockSite>& places) {
  std::set<ExprId> out;
  for (const LockSite& place : places) {
    const ExprId expr = locked.inference.values[place.value].axes[place.axis].expr;
    for (const ExprId f : locked.inference.axes.factors(expr)) {
      if (locked.inference.axes.is_free(f)) out.insert(f);
    }
  }
  return out;
}

bool meets(LockedGraph& locked, const LockSite& lock, const std::set<ExprId>& factors) {
  for (const ExprId side : sides(locked, lock)) {
    const auto own = locked.inference.axes.factors(side);
    if (std::ranges::any_of(own, [&](ExprId f) { return factors.contains(f); })) return true;
  }
  return false;
}

std::set<ExprId> weight_factors(const Graph& original, LockedGraph& locked) {
  std::set<ExprId> out;
  for (ValueId v = 0; v < original.values.size(); ++v) {
    const ValueFacts& facts = locked.inference.values[v];
    if (!original.values[v].is_constant() || !is_weight_type(facts.type)) continue;
    for (const Axis& axis : facts.axes) {
      for (const ExprId f : locked.inference.axes.factors(axis.expr)) {
        if (locked.inference.axes.is_free(f)) out.insert(f);
      }
    }
  }
  return out;
}

}  // namespace permcrypt
