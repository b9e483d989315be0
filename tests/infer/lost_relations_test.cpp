// The cases are no rubber stamp: where a rule loses a relation, or its result goes its own way, a
// case of the operator prints another structure, and ONNX Runtime computes something else.
#include <doctest/doctest.h>

#include <exception>
#include <map>
#include <string>
#include <vector>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "infer/wrong_rules.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// Operators of which a mistake has no consequence, and why.
using Harmless = std::map<std::string, std::string, std::less<>>;

const Harmless kLoose = {
    {".ConstantOfShape", "all elements of the result are equal"},
    {".Size", "the result is a scalar"},
    {"com.microsoft.IsAllFinite", "the result is a scalar"},
};

constexpr auto kAnyOrder = "holds but a list of axes, whose order does not matter";
constexpr auto kScalar = "holds but scalars";

const Harmless kLost = {
    {".Range", kScalar},
    {".ReduceL1", kAnyOrder},
    {".ReduceL2", kAnyOrder},
    {".ReduceLogSum", kAnyOrder},
    {".ReduceLogSumExp", kAnyOrder},
    {".ReduceMax", kAnyOrder},
    {".ReduceMean", kAnyOrder},
    {".ReduceMin", kAnyOrder},
    {".ReduceProd", kAnyOrder},
    {".ReduceSum", kAnyOrder},
    {".ReduceSumSquare", kAnyOrder},
    {".Squeeze", kAnyOrder},
    {".Unsqueeze", kAnyOrder},
    {"com.microsoft.ExpandDims", kScalar},
    {"com.microsoft.Range", kScalar},
};

struct Notice {
  bool printed = false;   // some case has another structure
  bool run = false;       // some case could show it in ONNX Runtime
  bool computed = false;  // and does
};

void look(Notice& notice, const OpCase& op, const std::string& structure, const WrongRules& rules,
          const Result<std::vector<TensorData>>& results) {
  if (notice.printed && (!results || notice.computed)) return;
  notice.run = notice.run || results;
  try {
    Analysed wrong(parse_one_node(op.line, op.opset), &rules);
    notice.printed = notice.printed || wrong.structure() != structure;
    for (std::uint32_t seed = 1; seed <= 3 && results && !notice.computed; ++seed) {
      notice.computed = !is_equivariant(wrong, *results, wrong.random_permutations(seed));
    }
  } catch (const std::exception&) {  // shapes that do not fit, models that do not run
    notice.printed = true;
    notice.computed = notice.run;
  }
}

void check(const std::map<std::string, Notice>& notices, const Harmless& harmless,
           const std::string& mistake) {
  for (const auto& [name, notice] : notices) {
    if (harmless.contains(name)) continue;
    CAPTURE(name);
    CAPTURE(mistake);
    CHECK(notice.printed);
    CHECK((notice.computed || !notice.run));
  }
}

}  // namespace

TEST_CASE("rules: what they would get wrong shows in their cases" *
          doctest::skip(!runtime_available())) {
  std::map<std::string, Notice> loose, lost;
  for (const OpCase& op : all_cases()) {
    Analysed right(parse_one_node(op.line, op.opset));
    const GraphNode& node = right.node();
    const OpRule* rule = find_rule(node.domain, node.op, node.opset);
    const std::string structure = right.structure(), name = node.domain + "." + node.op;
    if (!rule || !rule->apply || structure.find("gave up") != std::string::npos) continue;
    const auto results = run_as_written(right.one().model, right.one().feeds);
    look(loose[name], op, structure, WrongRules(node.op, with_loose_result), results);
    for (std::size_t n = 0;; ++n) {
      Dropped dropped;
      const WrongRules rules(node.op, without_relation(n, &dropped));
      Analysed probe(parse_one_node(op.line, op.opset), &rules);
      if (dropped.times == 0) break;
      look(lost[name], op, structure, rules, results);
    }
  }
  check(loose, kLoose, "its result goes its own way");
  check(lost, kLost, "a relation is lost");
}
