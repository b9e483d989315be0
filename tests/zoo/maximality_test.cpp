// What stays, stays for a reason: when two indices of a factor that holds an axis of a weight
// change places, the model computes something else.
//
// This does not see a lost relation: where permcrypt takes two axes that are one for two, both are
// held, and no swap on one of them alone shows it. That two exporters of one model have the same
// coverage does (golden/exporters_test.cpp).
//
// On a sample of the models in PERMCRYPT_ZOO. PERMCRYPT_MAXIMALITY=FILE takes them all and writes
// what came out, a JSON object a line, of which tests/nightly/coverage.py makes a part of
// docs/coverage.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "infer/wrong_rules.h"
#include "oracle/held_factors.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kSeed = 7;
constexpr std::size_t kSample = 30;

bool skipped() { return !runtime_available() || std::getenv("PERMCRYPT_ZOO") == nullptr; }

std::vector<fs::path> zoo_models() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(std::getenv("PERMCRYPT_ZOO"))) {
    if (fs::exists(entry.path() / "model.onnx")) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

const char* text_of(Held held) {
  switch (held) {
    case Held::kForAReason:
      return "necessary";
    case Held::kOfEquals:
      return "equal";
    case Held::kIdly:
      return "idle";
    case Held::kUntried:
      break;
  }
  return "untried";
}

// Tries all factors that hold weights of a model; says what came out.
nlohmann::json tried(const HeldModel& model, const std::string& name) {
  nlohmann::json out = {{"model", name}, {"held", nlohmann::json::array()}};
  for (const HeldFactor& factor : model.held()) {
    const Held held = model.try_swaps(factor, kSeed);
    out["held"].push_back({{"outcome", text_of(held)},
                           {"size", factor.size},
                           {"why", factor.why},
                           {"axes", factor.axes},
                           {"bytes", factor.bytes}});
    CAPTURE(name);
    CAPTURE(factor.axes.front());
    CAPTURE(factor.why);
    CHECK(held != Held::kIdly);
    CHECK(held != Held::kUntried);
  }
  return out;
}

}  // namespace

TEST_CASE("maximality: no weight of a sample of the zoo is held idly" * doctest::skip(skipped())) {
  auto models = zoo_models();
  std::shuffle(models.begin(), models.end(), std::mt19937(kSeed));
  std::size_t opened = 0, factors = 0;
  for (const fs::path& folder : models) {
    if (opened == kSample) break;
    const auto model = HeldModel::open(folder);
    if (!model || model->held().empty()) continue;  // newer than this runtime; or all moves
    ++opened;
    factors += model->held().size();
    CHECK(model->rounding() < model->threshold());
    tried(*model, folder.filename());
  }
  CHECK(opened == kSample);
  CHECK(factors > 2 * kSample);
}

TEST_CASE("maximality: a rule that holds what it need not is noticed" * doctest::skip(skipped())) {
  const WrongRules rules("LayerNormalization", [](const OpRule& rule, RuleCall& call) {
    rule.apply(call);
    call.pin(call.in(0).axes.back(), "for no reason");
  });
  const auto model =
      HeldModel::open(fs::path(std::getenv("PERMCRYPT_ZOO")) / "bert-seqcls-dynamo", &rules);
  REQUIRE(model.has_value());
  REQUIRE_FALSE(model->held().empty());
  for (const HeldFactor& factor : model->held()) {
    CHECK(factor.why == "for no reason");
    CHECK(model->try_swaps(factor, kSeed) == Held::kIdly);
  }
}

TEST_CASE("maximality: all of the zoo, on record" *
          doctest::skip(skipped() || std::getenv("PERMCRYPT_MAXIMALITY") == nullptr)) {
  std::ofstream record(std::getenv("PERMCRYPT_MAXIMALITY"));
  for (const fs::path& folder : zoo_models()) {
    const std::string name = folder.filename();
    const auto model = HeldModel::open(folder);
    const auto line = model ? tried(*model, name)
                            : nlohmann::json{{"model", name}, {"error", model.error().message}};
    record << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  }
  CHECK(record.good());
}
