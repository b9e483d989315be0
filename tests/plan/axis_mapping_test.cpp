#include "plan/axis_mapping.h"

#include <doctest/doctest.h>

#include <vector>

namespace permcrypt {
namespace {

TEST_CASE("places of factors: offset and stride") {
  AxisStore axes;
  const ExprId f = axes.free_factor(4), g = axes.free_factor(3), h = axes.free_factor(5);
  const ExprId fg[] = {f, g};
  const ExprId product = axes.product(fg);
  const ExprId parts[] = {h, product};
  const auto places = free_factor_places(axes, axes.sum(parts));
  CHECK(places.at(h) == FactorPlace{0, 1});
  CHECK(places.at(f) == FactorPlace{5, 3});
  CHECK(places.at(g) == FactorPlace{5, 1});
}

TEST_CASE("of several places the first counts") {
  AxisStore axes;
  const ExprId f = axes.free_factor(4), still = axes.fixed_factor(2, "pair");
  const ExprId major[] = {f, still}, parts[] = {still, f};
  const ExprId twice[] = {axes.product(major), axes.product(parts)};
  const auto places = free_factor_places(axes, axes.sum(twice));
  REQUIRE(places.size() == 1);
  CHECK(places.at(f) == FactorPlace{0, 2});
}

std::string shown(AxisStore& axes, ExprId axis, const std::map<ExprId, std::uint32_t>& groups) {
  return to_string(map_axis(axes, axis, groups));
}

TEST_CASE("maps: groups, and what stays merged") {
  AxisStore axes;
  const ExprId f = axes.free_factor(4), g = axes.free_factor(3);
  const ExprId still = axes.fixed_factor(2, "pair"), more = axes.fixed_factor(7, "why");
  const std::map<ExprId, std::uint32_t> groups{{f, 0}, {g, 1}};
  CHECK(shown(axes, f, groups) == "g0");
  CHECK(shown(axes, still, groups) == "2");
  CHECK(shown(axes, kUnit, groups) == "1");
  CHECK(shown(axes, kEmpty, groups) == "0");
  const ExprId pair[] = {f, g}, rope[] = {g, still, more};
  CHECK(shown(axes, axes.product(pair), groups) == "g0*g1");
  CHECK(shown(axes, axes.product(rope), groups) == "g1*14");
  const ExprId rest[] = {still, more, f, more};
  CHECK(shown(axes, axes.sum(rest), groups) == "9+g0+7");
  const ExprId all[] = {still, more};
  CHECK(shown(axes, axes.sum(all), groups) == "9");
  CHECK(shown(axes, axes.product(all), groups) == "14");
}

TEST_CASE("a free factor without a group stays") {
  AxisStore axes;
  const ExprId f = axes.free_factor(4), g = axes.free_factor(3);
  const ExprId both[] = {f, g};
  CHECK(shown(axes, axes.product(both), {{g, 0}}) == "4*g0");
  CHECK(shown(axes, axes.product(both), {}) == "12");
}

TEST_CASE("bound factors are followed") {
  AxisStore axes;
  const ExprId x = axes.free_factor(6), f = axes.free_factor(2), g = axes.free_factor(3);
  const ExprId fg[] = {f, g};
  axes.unify(x, axes.product(fg));
  std::map<ExprId, std::uint32_t> groups;
  for (const auto& [factor, place] : free_factor_places(axes, x)) {
    groups.emplace(factor, static_cast<std::uint32_t>(groups.size()));
  }
  REQUIRE(groups.size() == 2);
  const AxisMap map = map_axis(axes, x, groups);
  CHECK(map.kind == AxisMap::Kind::kProduct);
  CHECK(map.parts[0].extent == 2);
  CHECK(map.parts[1].extent == 3);
}

}  // namespace
}  // namespace permcrypt
