#include "plan/plan_builder.h"

#include <doctest/doctest.h>

#include "base/hex.h"
#include "plan/small_models.h"

namespace permcrypt {
namespace {

using test::axes_of;
using test::find_tensor;
using test::ModelMaker;

// Two layers, wide enough for locks at the interface alone.
void fill_mlp(ModelMaker& maker) {
  maker.input("x", {3, 30}).output("y", {3, 25});
  maker.node("MatMul", {"x", "w1"}, "h").node("Add", {"h", "b1"}, "a").node("Relu", {"a"}, "r");
  maker.node("MatMul", {"r", "w2"}, "y");
  maker.weight("w1", {30, 26}).weight("b1", {26}).weight("w2", {26, 25});
}

TEST_CASE("what moves together is a group, and what users see in order stays") {
  ModelMaker maker;
  fill_mlp(maker);
  const auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  const Plan& plan = analysis->plan;
  CHECK(plan.groups.size() == 1);
  CHECK(axes_of(plan, "w1") == "30 x g0");
  CHECK(axes_of(plan, "b1") == "g0");
  CHECK(axes_of(plan, "w2") == "g0 x 25");
  const PlanTensor* w1 = find_tensor(plan, "w1");
  REQUIRE(w1);
  CHECK(w1->view.bits == 32);
  CHECK(w1->view.shape == std::vector<std::uint64_t>{30, 26});
  CHECK(w1->view.row_stride == 26);
  CHECK(w1->payload.length == 30 * 26 * 4);
}

TEST_CASE("a group's id is made of its uses, whatever was found first") {
  ModelMaker maker, shuffled;
  fill_mlp(maker);
  fill_mlp(shuffled);
  shuffled.graph().mutable_initializer()->SwapElements(0, 2);
  const auto plain = maker.analyse_without_locks();
  REQUIRE(plain);
  CHECK(plain->plan.groups[0].id == group_id({{"b1", 0, 0, 1}, {"w1", 1, 0, 1}, {"w2", 0, 0, 1}}));
  const auto analysis = maker.analyse(), other = shuffled.analyse();
  REQUIRE((analysis && other));
  CHECK(analysis->plan.groups.size() >= 3);
  CHECK(std::ranges::is_sorted(analysis->plan.groups, {}, &PlanGroup::id));
  CHECK(std::ranges::equal(analysis->plan.groups, other->plan.groups, {}, &PlanGroup::id,
                           &PlanGroup::id));
}

TEST_CASE("the hash of uses is fixed: it names groups in files that exist") {
  const auto hex = [](const GroupId& id) {
    return hex_encode({reinterpret_cast<const char*>(id.data()), id.size()});
  };
  CHECK(hex(group_id({{"w", 1, 2, 3}})) != hex(group_id({{"w", 2, 1, 3}})));
  CHECK(hex(group_id({{"w", 1, 2, 3}})) ==
        "68d4251c17d33831598aac7e7062e0f80ea2d603e274988594f7413a4399e95c");
}

TEST_CASE("locks stand between the groups of their sides") {
  ModelMaker maker;
  fill_mlp(maker);
  const auto analysis = maker.analyse();
  REQUIRE(analysis);
  const Plan& plan = analysis->plan;
  REQUIRE(plan.locks.size() >= 2);
  const PlanLock &in = plan.locks.front(), &out = plan.locks.back();
  CHECK(in.kind == LockKind::kInput);
  CHECK(in.value == "x");
  CHECK(to_string(in.upstream) == "30");
  CHECK(in.downstream == find_tensor(plan, "w1")->axes[0]);
  CHECK(out.kind == LockKind::kOutput);
  CHECK(out.value == "y");
  CHECK(out.upstream == find_tensor(plan, "w2")->axes[1]);
  CHECK(to_string(out.downstream) == "25");
}

TEST_CASE("an index lock has the rows of its table downstream") {
  ModelMaker maker;
  maker.input("ids", {4}, onnx::TensorProto::INT64).output("y", {4, 5});
  maker.node("Gather", {"table", "ids"}, "e").node("MatMul", {"e", "w"}, "y");
  maker.weight("table", {9, 6}).weight("w", {6, 5});
  const auto analysis = maker.analyse();
  REQUIRE(analysis);
  const PlanLock& lock = analysis->plan.locks.front();
  CHECK(lock.kind == LockKind::kIndex);
  CHECK(to_string(lock.upstream) == "9");
  CHECK(lock.downstream == find_tensor(analysis->plan, "table")->axes[0]);
  CHECK(analysis->plan.groups[lock.downstream.group].role == "vocabulary");
}

// Position rows that a constant table reads: the table is rewritten with them.
void fill_positions(ModelMaker& maker, std::int64_t rows, bool varints) {
  maker.input("x", {4, 6}).output("y", {4, 5});
  maker.node("Gather", {"table", "where"}, "e").node("Add", {"x", "e"}, "s");
  maker.node("MatMul", {"s", "w"}, "y");
  maker.weight("table", {rows, 6}).weight("w", {6, 5});
  maker.indices("where", {4}, {rows - 1, 0, 2, 1}, varints);
}

TEST_CASE("an index table is rewritten with the axis that it indexes") {
  ModelMaker maker;
  fill_positions(maker, 200, false);
  const auto analysis = maker.analyse();
  REQUIRE(analysis);
  const PlanTensor* where = find_tensor(analysis->plan, "where");
  REQUIRE(where);
  REQUIRE(where->values);
  CHECK(*where->values == find_tensor(analysis->plan, "table")->axes[0]);
}

TEST_CASE("where other indices would take other space, the axis stays") {
  ModelMaker maker;
  fill_positions(maker, 200, true);
  const auto analysis = maker.analyse();
  REQUIRE(analysis);
  CHECK(find_tensor(analysis->plan, "where") == nullptr);
  CHECK(to_string(find_tensor(analysis->plan, "table")->axes[0]) == "200");

  ModelMaker small;  // all indices take one byte
  fill_positions(small, 100, true);
  const auto fits = small.analyse();
  REQUIRE(fits);
  CHECK(find_tensor(fits->plan, "where") != nullptr);
}

TEST_CASE("a factor that no weight holds has no group") {
  ModelMaker maker;
  maker.input("x", {7, 8}).output("y", {7, 5});
  maker.node("MatMul", {"x", "w"}, "y").weight("w", {8, 5});
  const auto analysis = maker.analyse();
  REQUIRE(analysis);
  for (const PlanGroup& group : analysis->plan.groups) CHECK(group.size != 7);
  for (const PlanLock& lock : analysis->plan.locks) CHECK(lock.axis == 1);
}

TEST_CASE("nothing to protect is a state, not a plan") {
  ModelMaker maker;
  maker.input("x", {3, 8}).output("y", {3, 8}).node("Relu", {"x"}, "y");
  const auto analysis = maker.analyse();
  REQUIRE(!analysis);
  CHECK(analysis.error().kind == ErrorKind::kState);
}

}  // namespace
}  // namespace permcrypt
