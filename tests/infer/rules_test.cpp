// Every operator of the table has a case; each case has the index structure it is said to have, and
// ONNX Runtime computes the same when the free axes are renumbered: op(P x) = P op(x).
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "infer/analysed.h"
#include "infer/equivariance.h"
#include "infer/op_case.h"
#include "infer/registry.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

const OpRule* rule_of(const Analysed& analysed) {
  const GraphNode& node = analysed.node();
  return find_rule(node.domain, node.op, node.opset);
}

std::string name_of(std::string_view domain, std::string_view op) {
  return (domain.empty() ? "" : std::string(domain) + ".") + std::string(op);
}

std::string name_of(const Analysed& analysed) {
  return name_of(analysed.node().domain, analysed.node().op);
}

// Nothing, and a failed check, where the case itself is at fault.
std::optional<Analysed> analyse(const OpCase& op) {
  try {
    return std::optional<Analysed>(std::in_place, parse_one_node(op.line, op.opset));
  } catch (const std::exception& error) {
    FAIL_CHECK(op.line << ": " << error.what());
    return std::nullopt;
  }
}

// "com.microsoft.MulInteger": why nothing of it is run.
std::map<std::string, std::string, std::less<>> listed_as_not_run() {
  std::map<std::string, std::string, std::less<>> out;
  for (const NotRun& entry : not_run()) out.emplace(entry.op, entry.why);
  return out;
}

}  // namespace

TEST_CASE("rules: index structures") {
  for (const OpCase& op : all_cases()) {
    CAPTURE(std::string(op.line));
    auto analysed = analyse(op);
    if (analysed) CHECK(analysed->structure() == std::string(op.structure));
  }
}

TEST_CASE("rules: what lets nothing move says why") {
  for (const OpCase& op : all_cases()) {
    auto analysed = analyse(op);
    const OpRule* rule = analysed ? rule_of(*analysed) : nullptr;
    if (!rule || rule->apply) continue;
    CAPTURE(std::string(op.line));
    CHECK(analysed->random_permutations(1).empty());
    for (const std::string& reason : analysed->reasons()) {
      CHECK(reason == name_of(*analysed) + " " + std::string(rule->structure));
    }
  }
}

TEST_CASE("rules: every operator of the table has a case") {
  std::set<const OpRule*> cases;
  for (const OpCase& op : all_cases()) {
    const auto analysed = analyse(op);
    if (!analysed) continue;
    CHECK_MESSAGE(rule_of(*analysed), op.line << ": not in the table");
    cases.insert(rule_of(*analysed));
  }
  for (const auto family : all_rules()) {
    for (const OpRule& rule : family) {
      CHECK_MESSAGE(cases.contains(&rule), name_of(rule.domain, rule.op) << " has no case");
    }
  }
}

TEST_CASE("rules: equivariance" * doctest::skip(!runtime_available())) {
  const auto listed = listed_as_not_run();
  std::set<std::string> run, too_recent;
  for (const OpCase& op : all_cases()) {
    CAPTURE(std::string(op.line));
    auto analysed = analyse(op);
    const OpRule* rule = analysed ? rule_of(*analysed) : nullptr;
    if (!rule || !rule->apply) continue;
    const std::string name = name_of(*analysed);
    const auto results = run_as_written(analysed->one().model, analysed->one().feeds);
    if (results) run.insert(name);
    if (!results && op.kernel == Kernel::kRecent) too_recent.insert(name);
    const bool may_fail = op.kernel != Kernel::kEverywhere || listed.contains(name);
    if (!results) {
      CHECK_MESSAGE(may_fail, results.error().message);
      continue;
    }
    CHECK(op.kernel != Kernel::kNowhere);
    for (const std::uint32_t seed : {1U, 2U, 3U}) {
      CHECK(is_equivariant(*analysed, *results, analysed->random_permutations(seed)));
    }
  }
  for (const auto family : all_rules()) {
    for (const OpRule& rule : family) {
      const std::string name = name_of(rule.domain, rule.op);
      if (!rule.apply) continue;
      const bool may_run = run.contains(name) || too_recent.contains(name);
      CHECK_MESSAGE(may_run != listed.contains(name),
                    name << " must either run or be listed as an operator that does not");
    }
  }
  std::string untested;
  for (const std::string& name : too_recent) {
    if (!run.contains(name)) untested += " " + name;
  }
  if (!untested.empty()) MESSAGE("too recent for this ONNX Runtime:", untested);
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
