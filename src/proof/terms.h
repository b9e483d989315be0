// Extents and other integers of a model that may depend on its dynamic dimensions: polynomials with
// integer coefficients over dimensions and over what is computed from them in other ways (a floored
// quotient). Terms are interned, so two terms known to be equal for all inputs have one id; two ids
// may still be equal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace permcrypt::proof {

using TermId = std::uint32_t;

class Terms {
 public:
  Terms();

  TermId constant(std::int64_t value);
  TermId dimension(const std::string& name);  // of a graph input: the same name, the same extent
  TermId unknown();                           // equal to nothing else; may be negative
  TermId unknown_extent();                    // equal to nothing else; not negative

  TermId add(TermId x, TermId y);
  TermId subtract(TermId x, TermId y);
  TermId multiply(TermId x, TermId y);
  // x / y where the division is known to be exact as polynomials.
  std::optional<TermId> divide_exactly(TermId x, TermId y);
  // The floor of x / y, for a positive constant y.
  TermId floor_divide(TermId x, std::int64_t y);
  // Another function of terms: the same name and operands, the same value.
  TermId function(const std::string& name, const std::vector<TermId>& operands, bool nonnegative);
  // The operands of a term that is this function and nothing else.
  std::optional<std::vector<TermId>> operands_of(TermId x, const std::string& name) const;

  std::optional<std::int64_t> value(TermId x) const;  // of a constant
  bool is(TermId x, std::int64_t value) const { return this->value(x) == value; }
  bool nonnegative(TermId x) const;  // for all inputs; false when that is not known
  // From now on: x is the extent of a value that every run has, and so not negative.
  void is_extent(TermId x) { extents_.insert(x); }
  bool is_multiple(TermId x) const;  // of an integer greater than one
  std::string show(TermId x) const;

 private:
  using Atom = std::uint32_t;
  using Monomial = std::vector<Atom>;  // sorted, repeats are powers
  struct ByDegree {
    bool operator()(const Monomial& x, const Monomial& y) const {
      return x.size() != y.size() ? x.size() < y.size() : x < y;
    }
  };
  using Polynomial = std::map<Monomial, std::int64_t, ByDegree>;  // no zero coefficients
  struct AtomFacts {
    std::string name;
    bool nonnegative;
    std::string function = {};
    std::vector<TermId> operands = {};
  };

  TermId intern(Polynomial polynomial);
  TermId atom(std::string name, bool nonnegative);
  // x += factor * m * y; false on overflow.
  static bool accumulate(Polynomial& x, const Polynomial& y, const Monomial& m,
                         std::int64_t factor);
  TermId combine(TermId x, TermId y, std::int64_t sign);

  std::vector<AtomFacts> atoms_;
  std::vector<Polynomial> terms_;
  std::map<Polynomial, TermId> ids_;
  std::map<std::string, TermId> named_;
  std::set<TermId> extents_;
  std::map<Atom, std::pair<TermId, std::int64_t>> quotients_;  // what an atom is the floor of
};

}  // namespace permcrypt::proof
