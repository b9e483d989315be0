#include "proof/joint_order.h"

#include <doctest/doctest.h>

namespace permcrypt::proof {
namespace {

// A picture of 4 x 2 pixels in patches of 2 x 1: rows are patch x pixel, columns patches.
const JointAxes kPatches{{{2, 2}, {2}}, {0, 2, 1}};

TEST_CASE("joint order: digits are arranged, renumbered, and put back") {
  // The four patches, and the two pixels of each.
  const std::vector<Permutation> parts = {Permutation({3, 0, 1, 2}), Permutation({1, 0})};
  // Patch (1,1) comes first, upside down: its pixels lie at rows 2 and 3, column 1.
  const Index order = joint_order(kPatches, parts);
  CHECK(order == Index{7, 2, 5, 0, 3, 6, 1, 4});
  const std::vector<Permutation> still = {Permutation({0, 1, 2, 3, 4, 5, 6, 7})};
  CHECK(is_plain(joint_order(kPatches, still)));
}

TEST_CASE("joint order: what does not fit is not understood") {
  const std::vector<Permutation> few = {Permutation({1, 0})};
  CHECK_THROWS_AS(joint_order(kPatches, few), NotUnderstood);
  const JointAxes endless{{{1 << 20}, {1 << 20}}, {0, 1}};
  CHECK_THROWS_AS(joint_order(endless, few), NotUnderstood);
}

}  // namespace
}  // namespace permcrypt::proof
