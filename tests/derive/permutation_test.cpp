#include "permcrypt/permutation.h"

#include <doctest/doctest.h>

using permcrypt::Permutation;
using permcrypt::permutation_bits;

namespace {

// new[i] = old[old_of_new[i]]
std::vector<int> renumbered(const Permutation& permutation, const std::vector<int>& old) {
  std::vector<int> result;
  for (std::size_t i = 0; i < permutation.size(); ++i) result.push_back(old[permutation[i]]);
  return result;
}

const Permutation kP({2, 0, 3, 1});
const Permutation kQ({1, 3, 2, 0});
const std::vector<int> kData = {10, 11, 12, 13};

}  // namespace

TEST_CASE("permutation: the inverse undoes it") {
  CHECK(renumbered(kP.inverse(), renumbered(kP, kData)) == kData);
  CHECK(kP.inverse() == Permutation({1, 3, 0, 2}));
  CHECK(kP.inverse().inverse() == kP);
}

TEST_CASE("permutation: identity") {
  CHECK(Permutation::identity(3).is_identity());
  CHECK(Permutation().is_identity());
  CHECK_FALSE(kP.is_identity());
  CHECK(renumbered(Permutation::identity(4), kData) == kData);
}

TEST_CASE("permutation: relative takes data from one order to the other") {
  const Permutation index = Permutation::relative(kP, kQ);
  CHECK(renumbered(index, renumbered(kP, kData)) == renumbered(kQ, kData));
  CHECK(Permutation::relative(kP, kP).is_identity());
  CHECK(Permutation::relative(Permutation::identity(4), kQ) == kQ);
}

TEST_CASE("permutation: a product is mixed radix, major first") {
  const Permutation major({1, 0}), minor({2, 0, 1});
  CHECK(Permutation::product(major, minor) == Permutation({5, 3, 4, 2, 0, 1}));
}

TEST_CASE("permutation: a sum keeps its segments") {
  CHECK(Permutation::sum(Permutation({1, 0}), Permutation({2, 0, 1})) ==
        Permutation({1, 0, 4, 2, 3}));
}

TEST_CASE("permutation: bits are log2(n! - 1)") {
  CHECK(permutation_bits(0) == 0);
  CHECK(permutation_bits(1) == 0);
  CHECK(permutation_bits(2) == 0);
  CHECK(permutation_bits(3) == doctest::Approx(2.321928));  // log2(5)
  CHECK(permutation_bits(20) == doctest::Approx(61.0773839));
  CHECK(permutation_bits(21) == doctest::Approx(65.4697013));
  CHECK(permutation_bits(768) == doctest::Approx(6259.3787));
}
