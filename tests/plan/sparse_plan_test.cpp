#include "plan/sparse_model.h"

namespace permcrypt::test {
namespace {

const PlanSparse* find_sparse(const Plan& plan, const std::string& name) {
  const auto it = std::ranges::find(plan.sparse, name, &PlanSparse::name);
  return it == plan.sparse.end() ? nullptr : &*it;
}

Analysis analysed(SparseModel&& model) {
  auto analysis = model.maker().analyse();
  REQUIRE_MESSAGE(analysis.has_value(), analysis.error().message);
  return *std::move(analysis);
}

TEST_CASE("a sparse weight moves along with dense ones") {
  for (const bool coordinates : {false, true}) {
    for (const bool in_constant : {false, true}) {
      const Analysis analysis =
          analysed(SparseModel({.coordinates = coordinates, .in_constant = in_constant}));
      const PlanSparse* sparse = find_sparse(analysis.plan, "w2");
      const PlanTensor* dense = find_tensor(analysis.plan, "w1");
      REQUIRE(sparse);
      REQUIRE(dense);
      CHECK(sparse->coordinates == coordinates);
      CHECK(sparse->entries == some_elements({12, 8}).size());
      CHECK(sparse->view.shape == std::vector<std::uint64_t>{12, 8});
      CHECK(dense->axes[1].kind == AxisMap::Kind::kGroup);
      CHECK(sparse->axes[0].kind == AxisMap::Kind::kGroup);
      CHECK(sparse->axes[1].kind == AxisMap::Kind::kGroup);
      CHECK(sparse->axes[1] != sparse->axes[0]);
    }
  }
}

TEST_CASE("a sparse weight shares axes with dense ones") {
  SparseModel model;
  const auto analysis = model.maker().analyse_without_locks();
  REQUIRE(analysis.has_value());
  const PlanSparse* sparse = find_sparse(analysis->plan, "w2");
  const PlanTensor* dense = find_tensor(analysis->plan, "w1");
  REQUIRE(sparse);
  REQUIRE(dense);
  CHECK(sparse->axes[0].moves());
  CHECK(sparse->axes[0] == dense->axes[1]);
  CHECK_FALSE(sparse->axes[1].moves());  // an output's
}

TEST_CASE("a sparse weight of which nothing is stored frees its axes, and has nothing to move") {
  const Analysis analysis = analysed(SparseModel(sparse_tensor("w2", {}, {})));
  CHECK(analysis.plan.sparse.empty());
  CHECK(axes_of(analysis.plan, "w1") != "still");
}

TEST_CASE("a sparse weight that cannot come back holds its axes") {
  const Analysis analysis = analysed(SparseModel(sparse_tensor("w2", {0, 5, 1, 95}, {})));
  CHECK(analysis.plan.sparse.empty());
}

// Unlike permutations of the two axes of an identity would be in the file, one against the other.
TEST_CASE("both axes of a sparse diagonal have one order") {
  for (const bool coordinates : {false, true}) {
    const SparseForm form{.coordinates = coordinates, .shape = {8, 8}};
    const auto orders = [&](const std::vector<std::int64_t>& elements) {
      SparseModel model(sparse_tensor("w2", elements, form), form);
      const Analysis analysis = analysed(std::move(model));
      const PlanSparse* sparse = find_sparse(analysis.plan, "w2");
      REQUIRE(sparse);
      return std::pair(sparse->axes[0], sparse->axes[1]);
    };
    const auto [rows, columns] = orders({0, 9, 18, 27, 36, 45, 54, 63});
    CHECK(rows == columns);
    const auto [r, c] = orders({0, 9, 18, 27, 36, 45, 54, 62});
    CHECK(r != c);
  }
}

TEST_CASE("copies of a sparse weight move alike") {
  const SparseForm form{.shape = {30, 12}};
  SparseModel model(sparse_tensor("w2", some_elements(form.shape), form), form);
  onnx::GraphProto& graph = model.maker().graph();
  *graph.add_sparse_initializer() = graph.sparse_initializer(0);
  graph.mutable_sparse_initializer(1)->mutable_values()->set_name("w3");
  model.maker().input("z", {3, 20}).weight("w4", {20, 30}).output("u", {3, 12});
  model.maker().node("MatMul", {"z", "w4"}, "g").node("MatMul", {"g", "w3"}, "u");
  const Analysis analysis = analysed(std::move(model));
  const PlanSparse *one = find_sparse(analysis.plan, "w2"), *two = find_sparse(analysis.plan, "w3");
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->axes == two->axes);
  CHECK(analysis.plan.duplicates == std::vector<std::vector<std::string>>{{"w2", "w3"}});
}

}  // namespace
}  // namespace permcrypt::test
