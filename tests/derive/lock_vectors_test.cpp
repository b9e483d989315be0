#include <doctest/doctest.h>

#include "derive/vectors.h"
#include "permcrypt/key.h"

using namespace permcrypt;

namespace {

LockKind kind_from(const std::string& name) {
  for (LockKind kind : {LockKind::kIndex, LockKind::kInput, LockKind::kOutput, LockKind::kBoundary,
                        LockKind::kBlock, LockKind::kAll}) {
    if (to_string(kind) == name) return kind;
  }
  FAIL("no such kind of lock: " << name);
  return {};
}

Plan plan_from(const nlohmann::json& input) {
  Plan plan;
  std::vector<std::uint64_t> sizes, fibres;
  for (const auto& group : input["groups"]) {
    sizes.push_back(group["size"]);
    fibres.push_back(group.value("fibres", 1));
    plan.groups.push_back(
        {vectors::array_from_hex<32>(group["id"]), group["size"], "", fibres.back()});
  }
  for (const auto& lock : input["locks"]) {
    plan.locks.push_back(
        {kind_from(lock["kind"]), "", 0,
         parse_axis_map(lock["upstream"].get<std::string>(), sizes, fibres).value(),
         parse_axis_map(lock["downstream"].get<std::string>(), sizes, fibres).value()});
  }
  return plan;
}

// old_of_new on an axis of tokens: what the model's user has is in the original order.
std::vector<int> gather(const std::vector<int>& data, const std::int32_t* index) {
  std::vector<int> result;
  for (std::size_t i = 0; i < data.size(); ++i) result.push_back(data[index[i]]);
  return result;
}

}  // namespace

TEST_CASE("lock vectors: permutations, redraws and tokens are those of the vectors") {
  for (const auto& vector : vectors::load("plans")) {
    const Plan plan = plan_from(vector["input"]);
    const KeySchedule schedule(vectors::key_from_hex(vector["input"]["secret"]),
                               vectors::array_from_hex<32>(vector["input"]["salt"]));
    const std::vector<Permutation> groups = derive_permutations(schedule, plan);
    REQUIRE(groups.size() == plan.groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      CHECK(groups[i] == vectors::permutation_from(vector["expected"]["orders"][i]));
    }
    CHECK(token_vector(plan, groups) ==
          vector["expected"]["token"].get<std::vector<std::int32_t>>());
  }
}

TEST_CASE("lock vectors: no lock that can be shut stays open") {
  const SecretKey key = SecretKey::from_bytes(std::string(32, 'k'));
  const std::vector<std::uint64_t> sizes(12, 3);
  Plan plan;
  for (std::uint8_t i = 0; i < 12; ++i) plan.groups.push_back({GroupId{i}, 3, ""});
  for (int i = 0; i < 12; ++i) {
    plan.locks.push_back({LockKind::kBlock, "", 0,
                          parse_axis_map("g" + std::to_string(i), sizes).value(),
                          parse_axis_map("g" + std::to_string((i + 1) % 12), sizes).value()});
  }
  for (std::uint8_t salt = 0; salt < 50; ++salt) {
    const auto groups = derive_permutations(KeySchedule(key, Salt{salt}), plan);
    for (int i = 0; i < 12; ++i) CHECK(groups[i] != groups[(i + 1) % 12]);
  }
}

TEST_CASE("lock vectors: a lock of data takes it from the upstream to the downstream order") {
  Plan plan;
  plan.groups = {{GroupId{}, 4, ""}, {GroupId{}, 4, ""}};
  plan.locks = {{LockKind::kBoundary, "", 0, parse_axis_map("g0", {4, 4}).value(),
                 parse_axis_map("g1", {4, 4}).value()}};
  const std::vector<Permutation> groups = {Permutation({2, 0, 3, 1}), Permutation({1, 2, 3, 0})};
  const auto token = token_vector(plan, groups);
  // old = {10, 11, 12, 13}
  CHECK(gather({12, 10, 13, 11}, token.data()) == std::vector<int>{11, 12, 13, 10});
}

TEST_CASE("lock vectors: an index lock finds the row that an id had") {
  Plan plan;
  plan.groups = {{GroupId{}, 4, ""}};
  plan.locks = {{LockKind::kIndex, "", 0, parse_axis_map("4", {4}).value(),
                 parse_axis_map("g0", {4}).value()}};
  const std::vector<int> table = {10, 11, 12, 13}, permuted = {12, 10, 13, 11};
  const auto token = token_vector(plan, {Permutation({2, 0, 3, 1})});
  REQUIRE(token.size() == 4);
  for (int id = 0; id < 4; ++id) CHECK(permuted[token[id]] == table[id]);
}

TEST_CASE("lock vectors: the parts of all locks follow one another") {
  Plan plan;
  plan.groups = {{GroupId{}, 2, ""}, {GroupId{}, 3, ""}};
  const auto map = [](const char* text) { return parse_axis_map(text, {2, 3}).value(); };
  plan.locks = {{LockKind::kInput, "", 0, map("3"), map("g1")},
                {LockKind::kOutput, "", 0, map("g0*g1"), map("6")}};
  const auto token = token_vector(plan, {Permutation({1, 0}), Permutation({1, 2, 0})});
  CHECK(token == std::vector<std::int32_t>{1, 2, 0, 5, 3, 4, 2, 0, 1});
}
