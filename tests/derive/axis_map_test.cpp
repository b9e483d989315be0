#include <doctest/doctest.h>

#include "derive/vectors.h"
#include "permcrypt/plan.h"

using namespace permcrypt;

namespace {

const std::vector<std::uint64_t> kSizes = {3, 2, 4};

}  // namespace

TEST_CASE("axis map: permutations are those of the vectors") {
  for (const auto& vector : vectors::load("axis_maps")) {
    const std::string text = vector["input"]["map"];
    CAPTURE(text);
    std::vector<Permutation> groups;
    std::vector<std::uint64_t> sizes, fibres;
    for (const auto& group : vector["input"]["groups"]) {
      groups.push_back(vectors::permutation_from(group));
      fibres.push_back(vectors::is_fibred(group) ? group.size() : 1);
      sizes.push_back(groups.back().size() / fibres.back());
    }
    const auto map = parse_axis_map(text, sizes, fibres);
    REQUIRE(map);
    CHECK(to_string(*map) == text);
    const Permutation permutation = axis_permutation(*map, groups);
    CHECK(permutation == vectors::permutation_from(vector["expected"]["order"]));
    CHECK(map->extent == permutation.size());
  }
}

TEST_CASE("axis map: text and structure convert into each other") {
  for (const char* text : {"0", "1", "64", "g1", "g0*g1", "g0+g1", "(1+g2)*g1", "g1*(1+g2)",
                           "g0*(g1*g2)", "g0+(g1+g2)", "((1+g0)*2+3)*g1", "2*3+4*g0", "g0:g1",
                           "2*g0:g1*2+g0:(g1+g2)", "(g0*2):(g1*g2)", "(g0:g1):(2:g2)"}) {
    const auto map = parse_axis_map(text, kSizes);
    REQUIRE(map);
    CHECK(to_string(*map) == text);
    CHECK(parse_axis_map(to_string(*map), kSizes) == *map);
  }
  const auto map = parse_axis_map("(1+g2)*g1", kSizes);
  CHECK(map->kind == AxisMap::Kind::kProduct);
  CHECK(map->extent == 10);
  CHECK(map->parts[0].kind == AxisMap::Kind::kSum);
  CHECK(map->parts[0].extent == 5);
  CHECK(map->parts[1].group == 1);
}

TEST_CASE("axis map: fibres stand behind an axis with an index for each") {
  const std::vector<std::uint64_t> fibres = {1, 3, 2};
  for (const char* text : {"g0:g1", "3:g1", "3:(2*g1+g1)", "g0:g1+2:g2", "g0:(g1*2:g2)"}) {
    CHECK(parse_axis_map(text, kSizes, fibres));
  }
  for (const char* text : {"g1", "2:g1", "g0*g1", "g0:g2", "g0:(2:g1)", "g0:2*g1", "g1:g0", ":g1",
                           "g0:", "g0::g1", "g0:g1:2"}) {
    CAPTURE(text);
    const auto map = parse_axis_map(text, kSizes, fibres);
    REQUIRE_FALSE(map);
    CHECK(map.error().kind == ErrorKind::kInput);
  }
}

TEST_CASE("axis map: moves where there is a group") {
  CHECK(parse_axis_map("2*(1+g0)", kSizes)->moves());
  CHECK_FALSE(parse_axis_map("2*(1+3)", kSizes)->moves());
}

TEST_CASE("axis map: malformed text is kInput") {
  for (const char* text : {"",
                           "g",
                           "g3",
                           "g99999999999999999999",
                           "x",
                           "1+",
                           "+1",
                           "1*",
                           "1**2",
                           "(1",
                           "1)",
                           "()",
                           "1 ",
                           " 1",
                           "-1",
                           "01",
                           "g01",
                           "1 + 1",
                           "g-1",
                           "(g0)g1",
                           "4294967296*4294967296",
                           "18446744073709551615+1",
                           "18446744073709551616",
                           "g0*4294967295",
                           "G1"}) {
    CAPTURE(text);
    const auto map = parse_axis_map(text, kSizes);
    REQUIRE_FALSE(map);
    CHECK(map.error().kind == ErrorKind::kInput);
  }
  CHECK_FALSE(parse_axis_map(std::string("1\0", 2), kSizes));
}

TEST_CASE("axis map: nesting is bounded") {
  const auto nested = [](int depth) {
    return std::string(depth, '(') + "g0" + std::string(depth, ')');
  };
  CHECK(parse_axis_map(nested(256), kSizes));
  CHECK_FALSE(parse_axis_map(nested(257), kSizes));
  CHECK_FALSE(parse_axis_map(nested(1'000'000), kSizes));
}

TEST_CASE("axis map: what stays may be larger than what can move") {
  CHECK(parse_axis_map("1099511627776", kSizes));
}
