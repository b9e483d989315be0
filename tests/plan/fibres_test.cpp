// Which groups may take another permutation for each index of another one, and is that right?
#include "plan/fibres.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "infer/text_model.h"
#include "plan/small_models.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::test;
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

// Queries, keys and values of a few heads, in primitive operators.
struct Attention {
  std::int64_t heads = 2, part = 4;
  bool scale_parts = false;  // a parameter for each part, the same for all heads
  bool mix_heads = false;    // values of all heads are normalised together
  bool show_values = false;  // values are an output
  // Keys and values are appended to those of earlier steps: [heads, places, part]; merged, [places,
  // heads * part]; or both in one, [heads + heads, places, part].
  enum class Cache { kNone, kByHead, kMerged, kInOne } cache = Cache::kNone;

  void add_to(ModelMaker& m) const {
    const std::int64_t d = 6, n = 3, width = heads * part;
    m.input("x", {n, d}).output("y", {n, d});
    m.indices("split", {3}, {-1, heads, part}).indices("merge", {2}, {n, width});
    for (const std::string s : {"q", "k", "v"}) {
      m.weight("w" + s, {d, width}).weight("b" + s, {width});
      m.node("MatMul", {"x", "w" + s}, s + "0").node("Add", {s + "0", "b" + s}, s + "1");
      const bool merged = cache == Cache::kMerged && s != "q";
      if (merged) append(m, s, s + "1", {kAnyNumber, width}, 0);
      m.node("Reshape", {merged ? "present_" + s : s + "1", "split"}, s + "2");
      if (s == "v" && scale_parts) m.weight("scale", {part});
      if (s == "v" && scale_parts) {
        m.node("Mul", {"v2", "scale"}, "v3");
      } else if (s == "v" && mix_heads) {
        m.node("Softmax", {"v2"}, "v3");
        set_axis(m, 1);
      } else {
        m.node("Identity", {s + "2"}, s + "3");
      }
      if (cache == Cache::kByHead && s != "q") {
        transpose(m, s + "3", s + "4", {1, 0, 2});
        append(m, s, s + "4", {heads, kAnyNumber, part}, 1);
        transpose(m, "present_" + s, s,
                  s == "k" ? std::vector<int>{0, 2, 1} : std::vector<int>{0, 1, 2});
        continue;
      }
      if (cache == Cache::kInOne && s != "q") {
        transpose(m, s + "3", s + "4", {1, 0, 2});
        continue;
      }
      transpose(m, s + "3", s, s == "k" ? std::vector<int>{1, 2, 0} : std::vector<int>{1, 0, 2});
    }
    if (cache == Cache::kInOne) {
      m.node("Concat", {"k4", "v4"}, "both");
      set_axis(m, 0);
      append(m, "both", "both", {2 * heads, kAnyNumber, part}, 1);
      m.node("Split", {"present_both"}, "k5");
      m.graph().mutable_node()->rbegin()->add_output("v");
      set_axis(m, 0);
      transpose(m, "k5", "k", {0, 2, 1});
    }
    m.node("MatMul", {"q", "k"}, "scores").node("Softmax", {"scores"}, "shares");
    set_axis(m, -1);
    m.node("MatMul", {"shares", "v"}, "mixed");
    transpose(m, "mixed", "mixed1", {1, 0, 2});
    m.node("Reshape", {"mixed1", "merge"}, "mixed2").weight("wo", {width, d});
    m.node("MatMul", {"mixed2", "wo"}, "y");
    if (show_values) m.output("v", {heads, n, part});
  }

 private:
  static constexpr std::int64_t kAnyNumber = -1;

  static void append(ModelMaker& m, const std::string& which, const std::string& now,
                     const std::vector<std::int64_t>& shape, int axis) {
    m.input("past_" + which, shape).output("present_" + which, shape);
    m.node("Concat", {"past_" + which, now}, "present_" + which);
    set_axis(m, axis);
  }
  static void transpose(ModelMaker& m, const std::string& from, const std::string& to,
                        const std::vector<int>& order) {
    m.node("Transpose", {from}, to);
    auto& perm = *m.graph().mutable_node()->rbegin()->add_attribute();
    perm.set_name("perm");
    perm.set_type(onnx::AttributeProto::INTS);
    for (const int i : order) perm.add_ints(i);
  }
  static void set_axis(ModelMaker& m, int axis) {
    auto& a = *m.graph().mutable_node()->rbegin()->add_attribute();
    a.set_name("axis");
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(axis);
  }
};

// The axis maps of the second axes of the weights of queries, keys and values, groups named in the
// order in which they come.
std::string heads_of(const Attention& attention) {
  ModelMaker maker;
  attention.add_to(maker);
  const auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  std::map<std::string, char> names;
  std::string out;
  for (const std::string weight : {"wq", "wk", "wv"}) {
    const PlanTensor* tensor = find_tensor(analysis->plan, weight);
    std::string text = tensor ? to_string(tensor->axes[1]) : "still", group;
    out += out.empty() ? "" : " ";
    for (const char c : text + " ") {
      if (c == 'g' || (!group.empty() && c >= '0' && c <= '9')) {
        group += c;
        continue;
      }
      if (!group.empty()) {
        out += names.try_emplace(group, static_cast<char>('a' + names.size())).first->second;
      }
      group.clear();
      if (c != ' ') out += c;
    }
  }
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

TEST_CASE("fibres: each head of an attention has its own") {
  CHECK(heads_of(Attention{}) == "a:b a:b a:c");
  CHECK(heads_of(Attention{.heads = 3, .part = 3}) == "a:b a:b a:c");
  // Of two entries, there is nothing to gain.
  CHECK(heads_of(Attention{.part = 2}) == "a*b a*b a*c");
}

TEST_CASE("fibres: through caches") {
  const auto cache_of = [](Attention::Cache cache, const std::string& past) {
    ModelMaker maker;
    Attention{.cache = cache}.add_to(maker);
    const auto analysis = maker.analyse_without_locks();
    REQUIRE(analysis);
    const auto& caches = analysis->plan.caches;
    REQUIRE(caches.size() == 2);
    return *std::ranges::find(caches, past, &PlanCache::past);
  };
  CHECK(heads_of(Attention{.cache = Attention::Cache::kByHead}) == "a:b a:b a:c");
  CHECK(heads_of(Attention{.cache = Attention::Cache::kMerged}) == "a:b a:b a:c");
  for (const std::string past : {"past_k", "past_v"}) {
    // Over another axis: that is named, and the map is of both.
    const PlanCache apart = cache_of(Attention::Cache::kByHead, past);
    CHECK(apart.leading == std::vector<std::uint32_t>{kNone, kNone, 0});
    REQUIRE(apart.axes[2].kind == AxisMap::Kind::kFibred);
    CHECK(apart.axes[2].parts[0] == apart.axes[0]);
    // Over a part of the axis itself.
    const PlanCache merged = cache_of(Attention::Cache::kMerged, past);
    CHECK(merged.leading.empty());
    CHECK(merged.axes[1].kind == AxisMap::Kind::kFibred);
  }
  CHECK(heads_of(Attention{.scale_parts = true, .cache = Attention::Cache::kByHead}) ==
        "a:b a:b a*c");
  // Over a part of another axis: there is no saying it.
  CHECK(heads_of(Attention{.cache = Attention::Cache::kInOne}) == "a*b a*b a*b");
}

TEST_CASE("fibres: what heads share has none") {
  CHECK(heads_of(Attention{.scale_parts = true}) == "a:b a:b a*c");
  // Heads stay where they come out, and so do parts.
  CHECK(heads_of(Attention{.mix_heads = true}) == "a:b a:b a*c");
  CHECK(heads_of(Attention{.show_values = true}) == "2*a 2*a still");
}

TEST_CASE("fibres: their group counts them, and its bits") {
  ModelMaker maker;
  Attention{}.add_to(maker);
  const auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  int fibred = 0;
  for (const PlanGroup& group : analysis->plan.groups) {
    fibred += group.fibres == 2;
    CHECK((group.fibres == 1 || group.size == 4));
  }
  CHECK(fibred == 2);
}
