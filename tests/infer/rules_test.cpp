// Every operator of the table has a case; each case has the index structure it is said to have, and
// ONNX Runtime computes the same when the free axes are renumbered: op(P x) = P op(x).
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "infer/registry.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

std::vector<OpCase> all_cases() {
  std::vector<OpCase> out;
  for (const auto cases :
       {convolution_cases(), pooling_cases(), resampling_cases(), quantisation_cases(),
        block_weight_cases(), moe_cases(), attention_cases(), embedding_cases(), recurrent_cases(),
        indexing_cases(), selection_cases()}) {
    out.insert(out.end(), cases.begin(), cases.end());
  }
  return out;
}

}  // namespace

TEST_CASE("rules: index structures") {
  for (const OpCase& op : all_cases()) {
    CAPTURE(std::string(op.line));
    Analysed analysed(parse_one_node(op.line, op.opset));
    CHECK(analysed.structure() == std::string(op.structure));
  }
}

TEST_CASE("rules: equivariance" * doctest::skip(!runtime_available())) {
  for (const OpCase& op : all_cases()) {
    if (op.kernel == Kernel::kNowhere) continue;
    CAPTURE(std::string(op.line));
    Analysed analysed(parse_one_node(op.line, op.opset));
    const auto results = run_as_written(analysed.one().model, analysed.one().feeds);
    if (!results && op.kernel == Kernel::kRecent) continue;
    if (!results) {
      FAIL_CHECK(results.error().message);
      continue;
    }
    for (const std::uint32_t seed : {1U, 2U}) {
      CHECK(is_equivariant(analysed, *results, analysed.random_permutations(seed)));
    }
  }
}

TEST_CASE("rules: the equivariance check sees a lost relation" *
          doctest::skip(!runtime_available())) {
  Analysed analysed(parse_one_node("y = MatMul(x:f[3,4], w:f[4,5])", 17));
  const auto results = run_as_written(analysed.one().model, analysed.one().feeds).value();
  const auto permutations = analysed.random_permutations(1);
  CHECK(is_equivariant(analysed, results, permutations));
  for (const auto& [factor, permutation] : permutations) {
    // As if the result did not follow this factor, or one operand not the other.
    auto feeds = analysed.one().feeds;
    feeds[0] = analysed.permuted(feeds[0], {{factor, permutation}});
    const auto actual = run_as_written(analysed.one().model, feeds).value();
    const bool in_first = feeds[0].bytes != analysed.one().feeds[0].bytes;
    CHECK(nearly_equal(results[0], actual[0]) != in_first);
  }
}

TEST_CASE("rules: every operator of the table has a case") {
  // Families whose cases are elsewhere, and operators that one line cannot write down.
  std::set<std::string> cases;
  for (const OpCase& op : all_cases()) cases.emplace(operator_of(op.line));
  for (const auto family :
       {convolution_rules(), pooling_rules(), resampling_rules(), quantisation_rules(),
        block_weight_rules(), moe_rules(), attention_rules(), attention_projected_rules(),
        attention_multihead_rules(), attention_grouped_rules(), embedding_rules(),
        recurrent_rules(), selection_rules()}) {
    for (const OpRule& rule : family) {
      const std::string name =
          (rule.domain.empty() ? "" : std::string(rule.domain) + ".") + std::string(rule.op);
      CHECK_MESSAGE(cases.contains(name), name << " has no case");
    }
  }
}
