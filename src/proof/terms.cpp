#include "proof/terms.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace permcrypt::proof {
namespace {

constexpr std::size_t kMaxMonomials = 64;  // longer sums are not followed
constexpr std::size_t kMaxDegree = 16;
constexpr std::size_t kMaxText = 60;

}  // namespace

Terms::Terms() { constant(0); }

TermId Terms::intern(Polynomial polynomial) {
  const auto [it, inserted] = ids_.try_emplace(std::move(polynomial), 0);
  if (inserted) {
    it->second = static_cast<TermId>(terms_.size());
    terms_.push_back(it->first);
  }
  return it->second;
}

TermId Terms::atom(std::string name, bool nonnegative) {
  atoms_.push_back({std::move(name), nonnegative});
  return intern({{{static_cast<Atom>(atoms_.size() - 1)}, 1}});
}

TermId Terms::constant(std::int64_t value) {
  return value == 0 ? intern({}) : intern({{{}, value}});
}

TermId Terms::dimension(const std::string& name) {
  const auto [it, inserted] = named_.try_emplace("dimension " + name, 0);
  if (inserted) it->second = atom(name, true);
  return it->second;
}

TermId Terms::unknown() { return atom("?", false); }
TermId Terms::unknown_extent() { return atom("?", true); }

TermId Terms::function(const std::string& name, const std::vector<TermId>& operands,
                       bool nonnegative) {
  std::string key = name;
  for (const TermId x : operands) key += " " + std::to_string(x);
  const auto [it, inserted] = named_.try_emplace(key, 0);
  if (inserted) {
    std::string text = name + "(";
    for (std::size_t i = 0; i < operands.size(); ++i) text += (i ? ", " : "") + show(operands[i]);
    it->second = atom(text.size() < kMaxText ? text + ")" : name + "(..)", nonnegative);
    atoms_.back().function = name;
    atoms_.back().operands = operands;
  }
  return it->second;
}

std::optional<std::vector<TermId>> Terms::operands_of(TermId x, const std::string& name) const {
  const Polynomial& p = terms_[x];
  if (p.size() != 1 || p.begin()->second != 1 || p.begin()->first.size() != 1) return std::nullopt;
  const AtomFacts& facts = atoms_[p.begin()->first[0]];
  return facts.function == name ? std::optional(facts.operands) : std::nullopt;
}

bool Terms::accumulate(Polynomial& x, const Polynomial& y, const Monomial& m, std::int64_t factor) {
  for (const auto& [monomial, coefficient] : y) {
    Monomial product;
    std::merge(monomial.begin(), monomial.end(), m.begin(), m.end(), std::back_inserter(product));
    std::int64_t scaled;
    if (__builtin_mul_overflow(coefficient, factor, &scaled)) return false;
    const auto [it, inserted] = x.try_emplace(std::move(product), 0);
    if (__builtin_add_overflow(it->second, scaled, &it->second)) return false;
    if (it->second == 0) x.erase(it);
  }
  return true;
}

TermId Terms::combine(TermId x, TermId y, std::int64_t sign) {
  Polynomial out = terms_[x];
  if (!accumulate(out, terms_[y], {}, sign) || out.size() > kMaxMonomials) return unknown();
  return intern(std::move(out));
}

TermId Terms::add(TermId x, TermId y) { return combine(x, y, 1); }
TermId Terms::subtract(TermId x, TermId y) { return combine(x, y, -1); }

TermId Terms::multiply(TermId x, TermId y) {
  Polynomial out;
  for (const auto& [monomial, coefficient] : terms_[x]) {
    const bool fits = accumulate(out, terms_[y], monomial, coefficient);
    if (!fits || out.size() > kMaxMonomials) return unknown();
  }
  if (!out.empty() && out.rbegin()->first.size() > kMaxDegree) return unknown();
  return intern(std::move(out));
}

std::optional<TermId> Terms::divide_exactly(TermId x, TermId y) {
  const Polynomial divisor = terms_[y];
  if (divisor.empty()) return std::nullopt;
  const auto& [lead, lead_coefficient] = *divisor.rbegin();
  Polynomial rest = terms_[x], quotient;
  while (!rest.empty()) {
    const auto& [monomial, coefficient] = *rest.rbegin();
    Monomial left;
    if (coefficient == INT64_MIN || coefficient % lead_coefficient != 0 ||
        rest.size() > kMaxMonomials ||
        !std::includes(monomial.begin(), monomial.end(), lead.begin(), lead.end())) {
      return std::nullopt;
    }
    std::set_difference(monomial.begin(), monomial.end(), lead.begin(), lead.end(),
                        std::back_inserter(left));
    const std::int64_t factor = coefficient / lead_coefficient;
    quotient[left] = factor;
    if (!accumulate(rest, divisor, left, -factor)) return std::nullopt;
  }
  return intern(std::move(quotient));
}

TermId Terms::floor_divide(TermId x, std::int64_t y) {
  // Multiples of y leave: floor((z + c * y) / y) = floor(z / y) + c.
  Polynomial whole, rest;
  for (const auto& [monomial, coefficient] : terms_[x]) {
    const std::int64_t r = ((coefficient % y) + y) % y;
    // A rest is of use only where the sign of its monomial is known, as that of 1 is.
    const bool splits = monomial.empty() || r == 0;
    const std::int64_t left = splits ? r : coefficient;
    if ((coefficient - left) / y != 0) whole[monomial] = (coefficient - left) / y;
    if (left != 0) rest[monomial] = left;
  }
  const TermId out = intern(std::move(whole));
  if (rest.empty()) return out;
  // floor((floor(z / k) + c) / y) = floor((z + c * k) / (k * y)).
  const auto inner = std::ranges::find_if(rest, [&](const auto& part) {
    return part.first.size() == 1 && part.second == 1 && quotients_.contains(part.first[0]);
  });
  const bool only_one = rest.size() == 1 || (rest.size() == 2 && rest.contains({}));
  std::int64_t scaled;
  if (inner != rest.end() && only_one) {
    const auto [z, k] = quotients_.at(inner->first[0]);
    const std::int64_t c = rest.contains({}) ? rest.at({}) : 0;
    std::int64_t shift;
    if (!__builtin_mul_overflow(k, y, &scaled) && !__builtin_mul_overflow(c, k, &shift)) {
      return add(out, floor_divide(add(z, constant(shift)), scaled));
    }
  }
  if (rest.size() == 1 && rest.contains({})) return out;  // 0 <= rest < y
  const TermId numerator = intern(std::move(rest));
  const TermId floor = function("floor", {numerator, constant(y)}, nonnegative(numerator));
  quotients_[terms_[floor].begin()->first[0]] = {numerator, y};
  return add(out, floor);
}

std::optional<std::int64_t> Terms::value(TermId x) const {
  const Polynomial& p = terms_[x];
  if (p.empty()) return 0;
  if (p.size() > 1 || !p.begin()->first.empty()) return std::nullopt;
  return p.begin()->second;
}

bool Terms::is_multiple(TermId x) const {
  std::int64_t common = 0;
  for (const auto& [monomial, coefficient] : terms_[x]) {
    if (coefficient == INT64_MIN) return false;
    common = std::gcd(common, coefficient);
  }
  return common > 1;
}

bool Terms::nonnegative(TermId x) const {
  return extents_.contains(x) || std::ranges::all_of(terms_[x], [&](const auto& part) {
    return part.second >= 0 &&
           std::ranges::all_of(part.first, [&](Atom a) { return atoms_[a].nonnegative; });
  });
}

std::string Terms::show(TermId x) const {
  std::string out;
  for (const auto& [monomial, coefficient] : terms_[x]) {
    if (!out.empty()) out += " + ";
    if (coefficient != 1 || monomial.empty()) out += std::to_string(coefficient);
    for (std::size_t i = 0; i < monomial.size(); ++i) {
      out += (i > 0 || coefficient != 1 ? "*" : "") + atoms_[monomial[i]].name;
    }
  }
  return out.empty() ? "0" : out;
}

}  // namespace permcrypt::proof
