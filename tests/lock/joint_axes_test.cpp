#include "lock/joint_axes.h"

#include <doctest/doctest.h>

#include <set>

#include "plan/small_models.h"

namespace permcrypt {
namespace {

using test::axes_of;
using test::find_tensor;
using test::ModelMaker;

void set_ints(ModelMaker& maker, const std::string& name, std::vector<std::int64_t> values) {
  onnx::AttributeProto& attribute = *maker.graph().mutable_node()->rbegin()->add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

// Patches of 2 x 2 pixels in 3 rows of 4: embedded, given a place each, and added up.
void cut_into_patches(ModelMaker& maker, const std::string& embedded = "embedded") {
  maker.input("x", {2, 6, 8}).output("y", {2, 5});
  maker.indices("digits", {5}, {2, 3, 2, 4, 2}).indices("patches", {3}, {2, 12, 4});
  maker.node("Reshape", {"x", "digits"}, "split").node("Transpose", {"split"}, "arranged");
  set_ints(maker, "perm", {0, 1, 3, 2, 4});
  maker.node("Reshape", {"arranged", "patches"}, "list").node("MatMul", {"list", "w"}, "embedded");
  maker.weight("w", {4, 5}).weight("places", {12, 5}).indices("one", {1}, {1});
  maker.node("Add", {embedded, "places"}, "placed").node("ReduceSum", {"placed", "one"}, "y");
  maker.graph().mutable_node()->rbegin()->add_attribute()->CopyFrom([] {
    onnx::AttributeProto keep;
    keep.set_name("keepdims");
    keep.set_type(onnx::AttributeProto::INT);
    return keep;
  }());
}

std::multiset<std::uint64_t> group_sizes(const Plan& plan) {
  std::multiset<std::uint64_t> sizes;
  for (const PlanGroup& group : plan.groups) sizes.insert(group.size);
  return sizes;
}

TEST_CASE("patches, and the pixels in each, are permuted as wholes") {
  ModelMaker maker;
  cut_into_patches(maker);
  const auto analysis = maker.analyse({.carry = Carry::kData});
  REQUIRE(analysis);
  const Plan& plan = analysis->plan;
  CHECK(group_sizes(plan) == std::multiset<std::uint64_t>{4, 5, 12});
  REQUIRE(plan.locks.size() == 2);
  const PlanLock& lock = plan.locks[0];
  CHECK(lock.carrier == Carrier::kInput);
  CHECK(lock.axis == 1);
  CHECK(lock.upstream.extent == 48);
  CHECK(lock.joint.digits == std::vector<std::vector<std::uint64_t>>{{3, 2}, {4, 2}});
  // The order is that of the run it holds: rows and columns of patches, rows and columns of pixels.
  const std::vector<std::uint32_t> patches_first = {0, 2, 1, 3}, pixels_first = {1, 3, 0, 2};
  CHECK((lock.joint.order == patches_first || lock.joint.order == pixels_first));
  CHECK(plan.locks[1].carrier == Carrier::kOutput);
  CHECK(plan.locks[1].joint.empty());
}

TEST_CASE("a kernel is seen as a matrix where its axes are one") {
  ModelMaker maker;
  maker.input("x", {2, 3, 6, 8}).output("y", {2, 5, 3, 4});
  maker.node("Conv", {"x", "w"}, "y").weight("w", {5, 3, 2, 2});
  set_ints(maker, "strides", {2, 2});
  const auto analysis = maker.analyse({.carry = Carry::kData});
  REQUIRE(analysis);
  const PlanTensor* w = find_tensor(analysis->plan, "w");
  REQUIRE(w);
  CHECK(w->view.shape == std::vector<std::uint64_t>{5, 12});
  CHECK(w->view.row_stride == 12);
  CHECK(group_sizes(analysis->plan) == std::multiset<std::uint64_t>{5, 12});
}

TEST_CASE("axes on both sides of a dynamic one are not joined") {
  ModelMaker maker;
  maker.input("x", {2, 4, -1, 16}).output("y", {2, -1, 5});
  maker.indices("merged", {3}, {2, -1, 64}).weight("w", {64, 5});
  maker.node("Transpose", {"x"}, "turned");
  set_ints(maker, "perm", {0, 2, 1, 3});
  maker.node("Reshape", {"turned", "merged"}, "list").node("MatMul", {"list", "w"}, "y");
  const auto analysis = maker.analyse({.carry = Carry::kData});
  REQUIRE(analysis);
  CHECK(group_sizes(analysis->plan) == std::multiset<std::uint64_t>{4, 5, 16});
  REQUIRE(analysis->plan.locks.size() == 3);
  for (const PlanLock& lock : analysis->plan.locks) CHECK(lock.joint.empty());
}

TEST_CASE("an operator that tells rows from columns keeps them apart") {
  ModelMaker maker;
  cut_into_patches(maker, "chosen");
  maker.indices("grid", {4}, {2, 3, 4, 5}).indices("flat", {3}, {2, 12, 5});
  auto& nodes = *maker.graph().mutable_node();
  const std::vector<onnx::NodeProto> end(nodes.end() - 2, nodes.end());
  nodes.DeleteSubrange(nodes.size() - 2, 2);
  maker.node("Reshape", {"embedded", "grid"}, "rows").node("Softmax", {"rows"}, "weighed");
  onnx::AttributeProto& axis = *nodes.rbegin()->add_attribute();
  axis.set_name("axis");
  axis.set_type(onnx::AttributeProto::INT);
  axis.set_i(2);
  maker.node("Reshape", {"weighed", "flat"}, "chosen");
  for (const onnx::NodeProto& node : end) *nodes.Add() = node;
  const auto analysis = maker.analyse({.carry = Carry::kData});
  REQUIRE(analysis);
  CHECK(group_sizes(analysis->plan) == std::multiset<std::uint64_t>{3, 4, 4, 5});
  CHECK(axes_of(analysis->plan, "places").find('*') != std::string::npos);
}

TEST_CASE("only data in the user's hands is joined") {
  ModelMaker maker;
  cut_into_patches(maker);
  const auto analysis = maker.analyse({.carry = Carry::kKey});
  REQUIRE(analysis);
  CHECK(group_sizes(analysis->plan).count(12) == 0);
  for (const PlanLock& lock : analysis->plan.locks) CHECK(lock.joint.empty());
}

}  // namespace
}  // namespace permcrypt
