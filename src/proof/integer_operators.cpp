#include "proof/integer_operators.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace permcrypt::proof {
namespace {

std::optional<bool> is_equal(Terms& t, TermId x, TermId y) {
  if (x == y) return true;
  const TermId d = t.subtract(x, y), e = t.subtract(y, x);
  const TermId one = t.constant(1);
  // Apart by one at least, in one direction, for all inputs.
  if (t.nonnegative(t.subtract(d, one)) || t.nonnegative(t.subtract(e, one))) return false;
  return std::nullopt;
}

std::optional<bool> is_less(Terms& t, TermId x, TermId y) {
  if (t.nonnegative(t.subtract(t.subtract(y, x), t.constant(1)))) return true;
  if (t.nonnegative(t.subtract(x, y))) return false;
  return std::nullopt;
}

TermId of_bool(Terms& t, std::optional<bool> x) { return x ? t.constant(*x ? 1 : 0) : t.unknown(); }

TermId divide(Terms& t, TermId x, TermId y) {
  if (const auto exact = t.divide_exactly(x, y)) return *exact;
  const auto a = t.value(x), b = t.value(y);
  if (a && b && *b != 0 && *b != -1) return t.constant(*a / *b);
  if (b && *b > 0 && t.nonnegative(x)) return t.floor_divide(x, *b);
  return t.function("quotient", {x, y}, t.nonnegative(x) && t.nonnegative(y));
}

TermId remainder(Terms& t, TermId x, TermId y) {
  const auto a = t.value(x), b = t.value(y);
  if (a && b && *a >= 0 && *b > 0) return t.constant(*a % *b);
  if (t.divide_exactly(x, y)) return t.constant(0);
  return t.function("remainder", {x, y}, t.nonnegative(x) && t.nonnegative(y));
}

TermId extreme(Terms& t, TermId x, TermId y, bool least) {
  if (const auto less = is_less(t, x, y)) return *less == least ? x : y;
  const auto [low, high] = std::minmax(x, y);
  const bool both = t.nonnegative(x) && t.nonnegative(y);
  const bool either = t.nonnegative(x) || t.nonnegative(y);
  return t.function(least ? "min" : "max", {low, high}, least ? both : either);
}

const std::unordered_map<std::string_view, IntegerOperator>& binaries() {
  static const std::unordered_map<std::string_view, IntegerOperator> table = {
      {"Add", [](Terms& t, TermId x, TermId y) { return t.add(x, y); }},
      {"Sub", [](Terms& t, TermId x, TermId y) { return t.subtract(x, y); }},
      {"Mul", [](Terms& t, TermId x, TermId y) { return t.multiply(x, y); }},
      {"Div", divide},
      {"Mod", remainder},
      {"Min", [](Terms& t, TermId x, TermId y) { return extreme(t, x, y, true); }},
      {"Max", [](Terms& t, TermId x, TermId y) { return extreme(t, x, y, false); }},
      {"Equal", [](Terms& t, TermId x, TermId y) { return of_bool(t, is_equal(t, x, y)); }},
      {"Less", [](Terms& t, TermId x, TermId y) { return of_bool(t, is_less(t, x, y)); }},
      {"Greater", [](Terms& t, TermId x, TermId y) { return of_bool(t, is_less(t, y, x)); }},
      {"And", [](Terms& t, TermId x, TermId y) { return t.multiply(x, y); }},
  };
  return table;
}

}  // namespace

IntegerOperator integer_operator(std::string_view op) {
  const auto found = binaries().find(op);
  return found == binaries().end() ? nullptr : found->second;
}

}  // namespace permcrypt::proof
