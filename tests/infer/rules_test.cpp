// Every operator of the table has a case; each case has the index structure it is said to have, and
// ONNX Runtime computes the same when the free axes are renumbered: op(P x) = P op(x).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "infer/analysed.h"
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

Result<std::vector<TensorData>> run(const onnx::ModelProto& model,
                                    const std::vector<TensorData>& feeds) {
  auto session =
      Session::from_bytes(model.SerializeAsString(), {}, {.optimise = false, .threads = 1});
  if (!session) return tl::unexpected(session.error());
  return session->run(feeds);
}

bool is_float(std::int32_t type) { return type == onnx::TensorProto::FLOAT; }

// Sums in another order: floats may differ in the last digits, and a quantised result by a step.
bool close(const TensorData& expected, const TensorData& actual) {
  if (expected.shape != actual.shape || expected.type != actual.type) return false;
  const auto x = to_doubles(expected).value(), y = to_doubles(actual).value();
  double scale = 1e-6;
  for (const double v : x) scale = std::max(scale, std::isfinite(v) ? std::abs(v) : 0);
  const double step = element_bits(expected.type) == 8 ? 1 : 0;
  const double tolerance = is_float(expected.type) ? 1e-4 * scale : step;
  return std::equal(x.begin(), x.end(), y.begin(), [&](double a, double b) {
    return a == b || std::abs(a - b) <= tolerance || (std::isnan(a) && std::isnan(b));
  });
}

// Does the renumbered model give the renumbered results?
bool is_equivariant(Analysed& analysed, const std::vector<TensorData>& results,
                    const std::map<ExprId, Permutation>& permutations) {
  std::vector<TensorData> feeds;
  for (const TensorData& feed : analysed.one().feeds) {
    feeds.push_back(analysed.permuted(feed, permutations));
  }
  const auto actual = run(analysed.permuted_model(permutations), feeds).value();
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!close(analysed.permuted(results[k], permutations), actual[k])) return false;
  }
  return true;
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
    const auto results = run(analysed.one().model, analysed.one().feeds);
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
  const auto results = run(analysed.one().model, analysed.one().feeds).value();
  const auto permutations = analysed.random_permutations(1);
  CHECK(is_equivariant(analysed, results, permutations));
  for (const auto& [factor, permutation] : permutations) {
    // As if the result did not follow this factor, or one operand not the other.
    auto feeds = analysed.one().feeds;
    feeds[0] = analysed.permuted(feeds[0], {{factor, permutation}});
    const auto actual = run(analysed.one().model, feeds).value();
    const bool in_first = feeds[0].bytes != analysed.one().feeds[0].bytes;
    CHECK(close(results[0], actual[0]) != in_first);
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
