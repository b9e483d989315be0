#include "lock/digits.h"

#include <algorithm>

namespace permcrypt {
namespace {

// A copy: the store moves its parts when it grows, and resolving may grow it.
Digits resolved_parts(AxisStore& axes, ExprId composite) {
  const auto parts = axes.parts(composite);
  Digits out(parts.begin(), parts.end());
  for (ExprId& part : out) part = axes.resolve(part);
  return out;
}

bool holds_any(AxisStore& axes, ExprId digit, const Digits& run) {
  const auto factors = axes.factors(digit);
  return std::find_first_of(factors.begin(), factors.end(), run.begin(), run.end()) !=
         factors.end();
}

}  // namespace

std::vector<Digits> terms_of(AxisStore& axes, ExprId expr) {
  expr = axes.resolve(expr);
  const bool is_sum = axes.kind(expr) == AxisStore::Kind::kSum;
  std::vector<Digits> out;
  for (const ExprId term : is_sum ? resolved_parts(axes, expr) : Digits{expr}) {
    const bool is_product = axes.kind(term) == AxisStore::Kind::kProduct;
    Digits digits = is_product ? resolved_parts(axes, term) : Digits{term};
    std::erase_if(digits, [&](ExprId digit) { return axes.size(digit) == 1; });
    out.push_back(std::move(digits));
  }
  return out;
}

Lie lie_of(AxisStore& axes, std::span<const Axis> value, const Digits& run) {
  bool whole = false, on_sum = false;
  Digits loose;
  for (const Axis& axis : value) {
    const auto terms = terms_of(axes, axis.expr);
    for (const Digits& digits : terms) {
      for (auto at = digits.begin(); at != digits.end();) {
        if (static_cast<std::size_t>(digits.end() - at) >= run.size() &&
            std::equal(run.begin(), run.end(), at)) {
          whole = true;
          at += static_cast<std::ptrdiff_t>(run.size());
          continue;
        }
        if (holds_any(axes, *at, run)) {
          loose.push_back(*at);
          on_sum = on_sum || terms.size() > 1;
        }
        ++at;
      }
    }
  }
  if (loose.empty()) return whole ? Lie::kWithinAxes : Lie::kAbsent;
  return !whole && !on_sum &&
                 std::is_permutation(loose.begin(), loose.end(), run.begin(), run.end())
             ? Lie::kAcrossAxes
             : Lie::kApart;
}

Lie lie_in_memory(AxisStore& axes, std::span<const Axis> value, const Digits& run) {
  const Lie lie = lie_of(axes, value, run);
  if (lie != Lie::kAcrossAxes) return lie;
  for (const Digits& list : adjacent_digits(axes, value)) {
    if (std::search(list.begin(), list.end(), run.begin(), run.end()) != list.end()) return lie;
  }
  return Lie::kApart;
}

std::vector<Digits> adjacent_digits(AxisStore& axes, std::span<const Axis> value) {
  std::vector<Digits> out(1);
  for (const Axis& axis : value) {
    const auto terms = terms_of(axes, axis.expr);
    if (terms.size() == 1) {
      out.back().insert(out.back().end(), terms[0].begin(), terms[0].end());
    } else {
      out.insert(out.end(), terms.begin(), terms.end());
      out.emplace_back();
    }
  }
  return out;
}

}  // namespace permcrypt
