#include <doctest/doctest.h>

#include "permcrypt/client_map.h"

namespace permcrypt {
namespace {

AxisMap still(std::uint64_t extent) { return {AxisMap::Kind::kFixed, extent, kNone, {}}; }
AxisMap group(std::uint32_t number, std::uint64_t extent) {
  return {AxisMap::Kind::kGroup, extent, number, {}};
}

TEST_CASE("client maps: data goes in, comes out, and ids go the other way") {
  const Permutation order({1, 2, 0});
  Plan plan;
  plan.groups = {{GroupId{1}, 3, ""}};
  plan.locks = {{LockKind::kInput, "x", 1, still(3), group(0, 3), Carrier::kInput, {}},
                {LockKind::kIndex, "ids", 0, still(3), group(0, 3), Carrier::kInput, {}},
                {LockKind::kBoundary, "h", 2, still(3), group(0, 3), Carrier::kKey, {}},
                {LockKind::kOutput, "y", 1, group(0, 3), still(3), Carrier::kOutput, {}},
                {LockKind::kIndex, "label", 0, group(0, 3), still(3), Carrier::kOutput, {}}};
  const auto maps = client_maps(plan, {order});
  REQUIRE(maps.size() == 4);  // the key carries one of the locks
  CHECK(maps[0].index == std::vector<Permutation>{order});
  CHECK(maps[1].index == std::vector<Permutation>{order.inverse()});
  CHECK(maps[2].index == std::vector<Permutation>{order.inverse()});
  CHECK(maps[3].index == std::vector<Permutation>{order});
  CHECK(maps[0].axis == 1);
  CHECK_FALSE(maps[0].ids);
  CHECK(maps[3].ids);
}

TEST_CASE("client maps of several axes have an index vector for each factor") {
  const Permutation rows({1, 0}), columns({2, 0, 1});
  Plan plan;
  plan.groups = {{GroupId{1}, 2, ""}, {GroupId{2}, 3, ""}};
  const AxisMap product{AxisMap::Kind::kProduct, 24, kNone, {group(1, 3), still(4), group(0, 2)}};
  plan.locks = {
      {LockKind::kInput, "x", 1, still(24), product, Carrier::kInput, {{{2, 4}, {3}}, {2, 1, 0}}}};
  const auto maps = client_maps(plan, {rows, columns});
  REQUIRE(maps.size() == 1);
  CHECK(maps[0].index == std::vector<Permutation>{columns, Permutation::identity(4), rows});
  CHECK(maps[0].joint == plan.locks[0].joint);
}

}  // namespace
}  // namespace permcrypt
