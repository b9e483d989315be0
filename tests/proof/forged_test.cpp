// Pairs of models that differ, although everything that the plan suggests of their weights and data
// holds: the proof must not accept them.
#include <doctest/doctest.h>

#include "base/temp_folder.h"
#include "infer/text_model.h"
#include "permcrypt/proof.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::text_model;

const Permutation kOrder({3, 1, 4, 0, 6, 7, 5, 2});

Model written(const TempFolder& folder, const std::string& name, const onnx::ModelProto& model) {
  auto read = read_model(folder.write(name, model.SerializeAsString()));
  REQUIRE(read);
  return *std::move(read);
}

// Rows of `columns` floats, in another order.
void reorder(onnx::TensorProto& tensor, std::size_t columns) {
  std::string raw = tensor.raw_data();
  if (raw.empty()) {
    raw.assign(reinterpret_cast<const char*>(tensor.float_data().data()),
               4 * static_cast<std::size_t>(tensor.float_data_size()));
  }
  std::string rows;
  for (const std::uint32_t old : kOrder.old_of_new()) {
    rows += raw.substr(old * 4 * columns, 4 * columns);
  }
  tensor.clear_float_data();
  tensor.set_raw_data(raw.empty() ? raw : rows);
}

// What comes out of a branch is in plain order in both models; b and the rows of w are not.
Proof prove_branches(const std::string& first, const std::string& second) {
  const TempFolder folder;
  onnx::ModelProto before = text_model(
      "branches (bool c, float[4,8] x) => (float[4,5] y) <float[8] b, float[8,5] w>\n"
      "{ size = Constant <value = int64[2] {4, 8}> ()\n"
      "  t = If <then_branch = t () => (u) { u = " +
      first + " }, else_branch = e () => (v) { v = " + second +
      " }> (c)\n  a = Add(t, b)  y = MatMul(a, w) }");
  onnx::ModelProto after = before;
  for (auto* model : {&before, &after}) {
    for (auto& tensor : *model->mutable_graph()->mutable_initializer()) {
      if (!tensor.raw_data().empty()) continue;
      tensor.set_raw_data(tensor.float_data().data(), 4u * tensor.float_data_size());
      tensor.clear_float_data();
    }
  }
  for (auto& tensor : *after.mutable_graph()->mutable_initializer()) {
    reorder(tensor, tensor.name() == "w" ? 5 : 1);
  }
  const Model original = written(folder, "before.onnx", before);
  const Model encrypted = written(folder, "after.onnx", after);
  Plan plan;
  plan.groups.push_back({{}, 8, "hidden", 1});
  const AxisMap moved{AxisMap::Kind::kGroup, 8, 0, {}}, still{AxisMap::Kind::kFixed, 5, kNone, {}};
  for (const Tensor& t : original.tensors) {
    if (t.name == "b") plan.tensors.push_back({t.name, *t.payload, {32, {8}, 8}, {moved}, {}});
    if (t.name != "w") continue;
    plan.tensors.push_back({t.name, *t.payload, {32, {8, 5}, 5}, {moved, still}, {}});
  }
  REQUIRE(plan.tensors.size() == 2);
  const std::vector<Permutation> groups{kOrder};
  const auto proof = prove({original, encrypted, plan, groups, {}, "", 1});
  REQUIRE(proof);
  return *proof;
}

TEST_CASE("proof: a branch of zeros does not speak for the other") {
  const std::string zeros = "ConstantOfShape(size)", data = "Neg(x)";
  CHECK(prove_branches(zeros, data).refuted());
  CHECK(prove_branches(data, zeros).refuted());
  // Zeros are in any order.
  CHECK(prove_branches(zeros, zeros).complete());
}

TEST_CASE("proof: joint axes of other extents are broadcast, not compared") {
  const TempFolder folder;
  const Model model = written(folder, "model.onnx", text_model(R"(
joint (float[1,4,6] x) => (float y)
{ wide = Constant <value = int64[4] {1, 4, 1, 6}> ()  high = Constant <value = int64[4] {1, 4, 6, 1}> ()
  flat = Constant <value = int64[1] {-1}> ()  axis = Constant <value = int64[1] {0}> ()
  a = Reshape(x, wide)  b = Reshape(x, high)  m = Mul(a, b)  z = Reshape(m, flat)
  y = ReduceSum <keepdims = 0> (z, axis) })"));
  Plan plan;
  plan.groups.push_back({{}, 24, "pixels", 1});
  PlanLock lock;
  lock.kind = LockKind::kInput;
  lock.value = "x";
  lock.axis = 1;
  lock.carrier = Carrier::kInput;
  lock.upstream = {AxisMap::Kind::kFixed, 24, kNone, {}};
  lock.downstream = {AxisMap::Kind::kGroup, 24, 0, {}};
  lock.joint.digits = {{4}, {6}};
  lock.joint.order = {0, 1};
  plan.locks.push_back(lock);
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 24; ++i) order.push_back(i * 7 % 24);
  const std::vector<Permutation> groups{Permutation(order)};
  const auto proof = prove({model, model, plan, groups, {}, "", 1});
  REQUIRE(proof);
  CHECK_FALSE(proof->complete());
}

// The data of `axis` is said to be in an order of so many.
Proof prove_renumbered_input(std::uint32_t axis, std::uint32_t size) {
  const TempFolder folder;
  const Model model = written(folder, "model.onnx",
                              text_model("open (float[n,4] x) => (float[n,4] y) { y = Neg(x) }"));
  Plan plan;
  plan.groups.push_back({{}, size, "rows", 1});
  PlanLock lock;
  lock.value = "x";
  lock.axis = axis;
  lock.carrier = Carrier::kInput;
  lock.upstream = {AxisMap::Kind::kFixed, size, kNone, {}};
  lock.downstream = {AxisMap::Kind::kGroup, size, 0, {}};
  plan.locks.push_back(lock);
  std::vector<std::uint32_t> order(size);
  for (std::uint32_t i = 0; i < size; ++i) order[i] = size - 1 - i;
  const std::vector<Permutation> groups{Permutation(order)};
  const auto proof = prove({model, model, plan, groups, {}, "", 1});
  REQUIRE(proof);
  return *proof;
}

// As when the original of another model is named.
TEST_CASE("proof: inputs that are not those of the plan") {
  const Proof open = prove_renumbered_input(0, 4);
  CHECK_FALSE(open.complete());
  CHECK_FALSE(open.refuted());
  CHECK(prove_renumbered_input(1, 5).refuted());
  CHECK(prove_renumbered_input(1, 3).refuted());
  // Nothing puts them back in order.
  CHECK(prove_renumbered_input(1, 4).refuted());
}

}  // namespace
}  // namespace permcrypt::test
