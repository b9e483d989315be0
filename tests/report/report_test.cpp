#include "permcrypt/report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "infer/plain_words.h"
#include "permcrypt/permutation.h"
#include "plan/small_models.h"
#include "report/reasons.h"

namespace permcrypt {
namespace {

void fill(test::ModelMaker& maker) {
  maker.input("x", {3, 30}).output("y", {3, 25});
  maker.node("MatMul", {"x", "w1"}, "h").node("Add", {"h", "b"}, "a").node("Relu", {"a"}, "r");
  maker.node("MatMul", {"r", "w2"}, "z").node("Add", {"z", "rows"}, "y");
  maker.weight("w1", {30, 26}).weight("b", {26}).weight("w2", {26, 25}).weight("rows", {3, 1});
}

const TensorReport& tensor(const Report& report, const std::string& name) {
  const auto it = std::ranges::find(report.tensors, name, &TensorReport::name);
  REQUIRE(it != report.tensors.end());
  return *it;
}

TEST_CASE("without locks: what users see stays, and the report says so") {
  test::ModelMaker maker;
  fill(maker);
  auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  const Report report = report_analysis(*analysis);
  CHECK(tensor(report, "w1").protection == Protection::kOne);
  CHECK(tensor(report, "w1").why.starts_with("axis 0: comes from an input"));
  CHECK(tensor(report, "w2").why.starts_with("axis 1: "));
  CHECK(tensor(report, "b").protection == Protection::kBoth);
  CHECK(tensor(report, "b").why.empty());
  CHECK(tensor(report, "rows").protection == Protection::kNone);
  CHECK(report.locks.empty());
  CHECK(report.key_bits == 0);
  REQUIRE(report.groups.size() >= 2);
  CHECK(report.groups[0].free);
  CHECK(report.groups[0].uses.size() == 3);
  CHECK(report.groups[0].bits == doctest::Approx(permutation_bits(26)));
  CHECK(!report.groups.back().free);
  CHECK(!report.groups.back().reasons.empty());
}

TEST_CASE("advice says what moves more, and how much it is about") {
  test::ModelMaker maker;
  fill(maker);
  auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  const Report report = report_analysis(*analysis);
  REQUIRE(report.advice.size() == 2);
  CHECK(report.advice[0].find("of the weights follow the order of an input") != std::string::npos);
  CHECK(report.advice[1].find("of the weights leave in an output, 'y'") != std::string::npos);
  auto locked = maker.analyse();
  REQUIRE(locked);
  CHECK(report_analysis(*locked).advice.empty());
}

TEST_CASE("advice names the sizes that are left open") {
  test::ModelMaker maker;
  maker.input("x", {3, 30}).output("y", {3, 25}).node("Shape", {"x"}, "shape");
  maker.node("Gather", {"shape", "one"}, "n").node("Unsqueeze", {"n", "zero"}, "end");
  maker.node("Slice", {"w", "zero", "end", "zero"}, "part").node("MatMul", {"x", "part"}, "y");
  maker.weight("w", {40, 25}).indices("zero", {1}, {0}).indices("one", {}, {1});
  auto& dim = *maker.graph()
                   .mutable_input(0)
                   ->mutable_type()
                   ->mutable_tensor_type()
                   ->mutable_shape()
                   ->mutable_dim(1);
  dim.set_dim_param("length");
  auto analysis = maker.analyse();
  REQUIRE(analysis);
  const Report report = report_analysis(*analysis);
  REQUIRE(report.advice.size() == 1);
  CHECK(report.advice[0].starts_with("100.0 % of the weights stay because the model takes any"));
  CHECK(report.advice[0].find("--dim length=N") != std::string::npos);

  LockOptions options;
  options.infer.dims = {{"length", 30}};
  auto bound = maker.analyse(options);
  REQUIRE(bound);
  CHECK(report_analysis(*bound).advice.empty());
}

TEST_CASE("a reason is always said") {
  CHECK(in_plain_words("computed by Clip") == "read at positions that the model computes, by Clip");
  CHECK(in_plain_words("STFT pins: a spectrum") == "held by STFT: a spectrum");
  CHECK(in_plain_words("") == "each of its indices has a use of its own");
  CHECK(in_plain_words("what nobody has words for") == "what nobody has words for");
}

TEST_CASE("locks: bits are those of their groups, and of their axis at most") {
  test::ModelMaker maker;
  fill(maker);
  auto analysis = maker.analyse();
  REQUIRE(analysis);
  const Report report = report_analysis(*analysis);
  REQUIRE(report.locks.size() >= 2);
  double sum = 0;
  for (const LockReport& lock : report.locks) {
    CHECK(lock.bits <= permutation_bits(lock.size));
    CHECK(lock.bits > 0);
    sum += lock.bits;
  }
  CHECK(report.key_bits <= sum);
  CHECK(report.key_bits <= report.group_bits);
  CHECK(report.coverage.both > 0.9);
}

TEST_CASE("json holds what scripts read") {
  test::ModelMaker maker;
  fill(maker);
  auto analysis = maker.analyse();
  REQUIRE(analysis);
  const auto json =
      nlohmann::json::parse(report_json(report_analysis(*analysis), "x.onnx", "model"));
  CHECK(json.at("file") == "x.onnx");
  CHECK(json.at("kind") == "model");
  const auto& w1 = json.at("tensors").at(0);
  CHECK(w1.at("name") == "w1");
  CHECK(w1.at("shape") == nlohmann::json{30, 26});
  CHECK(w1.at("type") == "float32");
  CHECK(w1.at("bytes") == 30 * 26 * 4);
  CHECK(w1.at("protected") == "both");
  CHECK(w1.at("axes").at(0).get<std::string>().starts_with("g"));
  const auto& group = json.at("groups").at(0);
  CHECK(group.at("id").get<std::string>().size() == 64);
  CHECK(group.at("free") == true);
  CHECK(group.at("uses").at(0).contains("tensor"));
  CHECK(json.at("locks").at(0).at("kind") == "input");
  CHECK(json.at("locks").at(1).at("size") == 30);
  for (const char* name : {"coverage", "unknown_ops", "key_bits"}) CHECK(json.contains(name));
}

TEST_CASE("explanations name the groups, their other places, and the operators") {
  test::ModelMaker maker;
  fill(maker);
  auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  const auto w1 = explain_tensor(*analysis, "w1");
  REQUIRE(w1);
  CHECK(w1->find("axis 0 (30) stays") != std::string::npos);
  CHECK(w1->find("comes from an input") != std::string::npos);
  CHECK(w1->find("axis 1 (26) is permuted, as g0") != std::string::npos);
  CHECK(w1->find("axis 0 of 'w2'") != std::string::npos);
  CHECK(w1->find("MatMul") != std::string::npos);
  const auto none = explain_tensor(*analysis, "w3");
  REQUIRE(!none);
  CHECK(none.error().kind == ErrorKind::kUsage);
}

TEST_CASE("hostile names do not reach the terminal as they are") {
  test::ModelMaker maker;
  maker.input("x", {3, 30}).output("y", {3, 25}).node("MatMul", {"x", "w\x1b[31m"}, "y");
  maker.weight("w\x1b[31m", {30, 25});
  auto analysis = maker.analyse_without_locks();
  REQUIRE(analysis);
  const Report report = report_analysis(*analysis);
  CHECK(inspect_text(report).find('\x1b') == std::string::npos);
  CHECK(summary_text(report).find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace permcrypt
