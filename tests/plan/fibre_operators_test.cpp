// Operators that let fibres pass, and those that hold them up: is that right?
#include "plan/fibre_operators.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "infer/text_model.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

bool passes_anything(const GraphNode&, const Fibre&, FibreView&) { return true; }

// A case of which ONNX Runtime gives the results; nothing otherwise.
struct Trial {
  explicit Trial(OneNode model) : analysed(std::move(model)) {
    auto run = run_as_written(analysed.one().model, analysed.one().feeds);
    if (run) results = *std::move(run);
  }

  // It may be a difference of large sums, and rounding all that is left.
  bool is_one_number() const {
    return results->size() == 1 && to_doubles(results->front()).value().size() == 1;
  }

  bool is_equivariant(const Fibre& fibre) {
    bool right = true;
    for (const std::uint32_t seed : {1U, 2U}) {
      auto permutations = analysed.random_permutations(seed);
      analysed.add_fibres(fibre, seed, permutations);
      right = right && permcrypt::testing::is_equivariant(analysed, *results, permutations);
      analysed.remove_fibres();
    }
    return right;
  }

  Analysed analysed;
  std::optional<std::vector<TensorData>> results;
};

OneNode with_feeds(onnx::ModelProto model) {
  OneNode out{std::move(model), {}};
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (const auto& input : out.model.graph().input()) {
    TensorData& feed = out.feeds.emplace_back();
    feed.name = input.name();
    feed.type = onnx::TensorProto::FLOAT;
    std::size_t count = 1;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      feed.shape.push_back(dim.dim_value());
      count *= static_cast<std::size_t>(dim.dim_value());
    }
    for (std::size_t i = 0; i < count; ++i) {
      const float value = normal(random);
      feed.bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  return out;
}

using Pair = std::pair<ExprId, ExprId>;

std::set<Pair> pairs_of(const std::vector<Fibre>& fibres) {
  std::set<Pair> out;
  for (const Fibre& fibre : fibres) out.emplace(fibre.factor, fibre.parent);
  return out;
}

}  // namespace

TEST_CASE("fibres: operators that let them pass compute the same" *
          doctest::skip(!runtime_available())) {
  std::map<std::string, int> tried;
  for (const OpCase& op : all_cases()) {
    CAPTURE(std::string(op.line));
    Trial trial(parse_one_node(op.line, op.opset));
    if (!trial.results || trial.is_one_number()) continue;
    for (const Fibre& fibre : trial.analysed.possible_fibres()) {
      ++tried[trial.analysed.node().op];
      CHECK(trial.is_equivariant(fibre));
    }
  }
  // Else this says little.
  for (const std::string op : {"MatMul", "Einsum", "Softmax", "LayerNormalization", "Reshape",
                               "Transpose", "Add", "ReduceSum", "MultiHeadAttention"}) {
    CHECK_MESSAGE(tried[op] > 0, op);
  }
}

TEST_CASE("fibres: where operators hold them up, they would compute something else" *
          doctest::skip(!runtime_available())) {
  const char* const held_up[] = {
      "m (float[3,4] x) => (float[3,4] y) { y = Softmax <axis = 0> (x) }",
      "m (float[3,4,2] x) => (float[3,4,2] y) { y = Softmax <axis = 0> (x) }",
      R"(m (float[3,4] x, float[3] s) => (float[3,4] y)
         { t = Transpose(x)  n = LayerNormalization(t, s)  y = Transpose(n) })",
      // Parts of each head with those of all heads.
      R"(m (float[2,3,4] x) => (float[2,3] y) <int64[1] axes = {2}>
         { t = Transpose <perm = [0,2,1]> (x)  s = MatMul(x, t)  r = Abs(s)
           y = ReduceSum <keepdims = 0> (r, axes) })",
      R"(m (float[2,3,4] x) => (float[2,3] y) <int64[1] axes = {2}>
         { s = Einsum <equation = "ahd,agd->ahg"> (x, x)  r = Abs(s)
           y = ReduceSum <keepdims = 0> (r, axes) })",
      R"(m (float[3,2,4] x) => (float[3] y) <int64[1] axes = {1}>
         { s = Einsum <equation = "had,gbd->hg"> (x, x)  r = Abs(s)
           y = ReduceSum <keepdims = 0> (r, axes) })"};
  for (const char* const text : held_up) {
    CAPTURE(std::string(text));
    Trial trial(with_feeds(text_model(text)));
    REQUIRE(trial.results);
    const auto allowed = pairs_of(trial.analysed.possible_fibres());
    int refuted = 0;
    for (const Fibre& fibre : trial.analysed.possible_fibres(passes_anything)) {
      const bool right = trial.is_equivariant(fibre);
      const bool passes = allowed.contains({fibre.factor, fibre.parent});
      CHECK((right || !passes));
      refuted += !right;
    }
    CHECK(refuted > 0);
  }
}

TEST_CASE("fibres: channels that are products" * doctest::skip(!runtime_available())) {
  const char* const passed[] = {
      R"(m (float[2,3,4,5] x, float[6,12,2] w, float[6] c) => (float[2,6,4] y)
         <int64[3] to = {2,12,5}> { r = Reshape(x, to)  y = Conv(r, w, c) })",
      R"(m (float[2,5,7] x, float[12,5,1] w, float[12] c) => (float[2,3,4,7] y)
         <int64[4] to = {2,3,4,7}> { r = Conv(x, w, c)  y = Reshape(r, to) })",
      R"(m (float[2,3,4,5] x) => (float[2,12,2] y) <int64[3] to = {2,12,5}>
         { r = Reshape(x, to)  y = AveragePool <kernel_shape = [4]> (r) })",
      R"(m (float[2,3,4,5] x, float[12] s, float[12] c, float[12] n, float[12] d)
         => (float[2,12,5] y) <int64[3] to = {2,12,5}>
         { r = Reshape(x, to)  v = Abs(d)  y = BatchNormalization(r, s, c, n, v) })",
      R"(m (float[2,3,4,5] x, float[12] s, float[12] c) => (float[2,12,5] y)
         <int64[3] to = {2,12,5}>
         { r = Reshape(x, to)  y = InstanceNormalization(r, s, c) })"};
  const std::pair<std::int64_t, std::int64_t> channels(4, 3);
  for (const char* const text : passed) {
    CAPTURE(std::string(text));
    Trial trial(with_feeds(text_model(text)));
    REQUIRE(trial.results);
    bool of_channels = false;
    for (const Fibre& fibre : trial.analysed.possible_fibres()) {
      CHECK(trial.is_equivariant(fibre));
      of_channels = of_channels || trial.analysed.sizes(fibre) == channels;
    }
    CHECK(of_channels);
  }
}
