// Which groups may take another permutation for each index of another one, and is that right?
#include "plan/fibres.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "plan/small_models.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::test;
using namespace permcrypt::testing;

namespace {

bool passes_anything(const GraphNode&, const Fibre&, FibreView&) { return true; }

// A case of which ONNX Runtime gives the results; nothing otherwise.
struct Trial {
  explicit Trial(const OpCase& op) : analysed(parse_one_node(op.line, op.opset)) {
    auto run = run_as_written(analysed.one().model, analysed.one().feeds);
    if (run) results = *std::move(run);
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

using Pair = std::pair<ExprId, ExprId>;

std::set<Pair> pairs_of(const std::vector<Fibre>& fibres) {
  std::set<Pair> out;
  for (const Fibre& fibre : fibres) out.emplace(fibre.factor, fibre.parent);
  return out;
}

// Queries, keys and values of a few heads, in primitive operators.
struct Attention {
  std::int64_t heads = 2, part = 4;
  bool scale_parts = false;   // a parameter for each part, the same for all heads
  bool mix_heads = false;     // scores of all heads are normalised together
  bool show_values = false;   // values are an output

  ModelMaker model() const {
    const std::int64_t d = 6, n = 3, width = heads * part;
    ModelMaker m;
    m.input("x", {n, d}).output("y", {n, d});
    m.indices("split", {3}, {n, heads, part}).indices("merge", {2}, {n, width});
    for (const std::string s : {"q", "k", "v"}) {
      m.weight("w" + s, {d, width}).weight("b" + s, {width});
      m.node("MatMul", {"x", "w" + s}, s + "0").node("Add", {s + "0", "b" + s}, s + "1");
      m.node("Reshape", {s + "1", "split"}, s + "2");
      if (s == "v" && scale_parts) m.weight("scale", {part});
      m.node(s == "v" && scale_parts ? "Mul" : "Identity",
             s == "v" && scale_parts ? std::vector<std::string>{"v2", "scale"}
                                     : std::vector<std::string>{s + "2"},
             s + "3");
      transpose(m, s + "3", s, s == "k" ? std::vector<int>{1, 2, 0} : std::vector<int>{1, 0, 2});
    }
    m.node("MatMul", {"q", "k"}, "scores").node("Softmax", {"scores"}, "shares");
    set_axis(m, mix_heads ? 0 : -1);
    m.node("MatMul", {"shares", "v"}, "mixed");
    transpose(m, "mixed", "mixed1", {1, 0, 2});
    m.node("Reshape", {"mixed1", "merge"}, "mixed2").weight("wo", {width, d});
    m.node("MatMul", {"mixed2", "wo"}, "y");
    if (show_values) m.output("v", {heads, n, part});
    return m;
  }

 private:
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
std::string heads_of(const ModelMaker& maker) {
  const auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  std::map<std::string, char> names;
  std::string out;
  for (const std::string weight : {"wq", "wk", "wv"}) {
    const PlanTensor* tensor = find_tensor(analysis->plan, weight);
    REQUIRE(tensor);
    std::string text = to_string(tensor->axes[1]), group;
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
    Trial trial(op);
    if (!trial.results) continue;
    for (const Fibre& fibre : trial.analysed.possible_fibres()) {
      ++tried[trial.analysed.node().op];
      CHECK(trial.is_equivariant(fibre));
    }
  }
  // Else this says little.
  for (const char* op : {"MatMul", "Gemm", "Einsum", "Softmax", "LayerNormalization", "Reshape",
                         "Transpose", "Add", "ReduceSum", "Gather", "MultiHeadAttention"}) {
    CHECK_MESSAGE(tried[op] > 0, op);
  }
}

TEST_CASE("fibres: where operators hold them up, some compute something else" *
          doctest::skip(!runtime_available())) {
  std::set<std::string> refuted;
  for (const OpCase& op : all_cases()) {
    Trial trial(op);
    if (!trial.results) continue;
    const auto allowed = pairs_of(trial.analysed.possible_fibres());
    for (const Fibre& fibre : trial.analysed.possible_fibres(passes_anything)) {
      if (allowed.contains({fibre.factor, fibre.parent})) continue;
      if (!trial.is_equivariant(fibre)) refuted.insert(trial.analysed.node().op);
    }
  }
  for (const char* op : {"Softmax", "LayerNormalization", "MatMul"}) {
    CHECK_MESSAGE(refuted.contains(op), op);
  }
}

TEST_CASE("fibres: each head of an attention has its own") {
  CHECK(heads_of(Attention{}.model()) == "a:b a:b a:c");
  CHECK(heads_of(Attention{.heads = 3, .part = 3}.model()) == "a:b a:b a:c");
  // Of two entries, there is nothing to gain.
  CHECK(heads_of(Attention{.part = 2}.model()) == "a*b a*b a*c");
}

TEST_CASE("fibres: what heads share has none") {
  CHECK(heads_of(Attention{.scale_parts = true}.model()) == "a:b a:b a*c");
  // Heads stay where they come out, and so do parts.
  CHECK(heads_of(Attention{.show_values = true}.model()) == "2*a 2*a 8");
}

TEST_CASE("fibres: their group counts them, and its bits") {
  const auto analysis = Attention{}.model().analyse_without_locks();
  REQUIRE(analysis);
  int fibred = 0;
  for (const PlanGroup& group : analysis->plan.groups) {
    fibred += group.fibres == 2;
    CHECK((group.fibres == 1 || group.size == 4));
  }
  CHECK(fibred == 2);
}
