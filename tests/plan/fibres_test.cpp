// Which groups may take another permutation for each index of another one?
#include "plan/fibres.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "plan/small_models.h"

using namespace permcrypt;
using namespace permcrypt::test;

namespace {

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
