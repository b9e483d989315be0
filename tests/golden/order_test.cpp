// Neither the order of the nodes nor any name decides anything.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden/disguise.h"
#include "golden/outline.h"
#include "golden/sample_model.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;

// The locks as a set: their order, which is that of the nodes where these are independent, says
// nothing.
std::string text_of(const onnx::ModelProto& model, Internal internal,
                    const std::function<std::string(const std::string&)>& printed) {
  LockOptions options;
  options.internal = internal;
  try {
    Outline found = outline(model, options, printed);
    std::ranges::sort(found.locks);
    return found.text();
  } catch (const std::runtime_error& error) {  // nothing to protect
    return error.what();
  }
}

void check_order(const onnx::ModelProto& model, std::uint32_t seed) {
  for (const Internal internal : {Internal::kNone, Internal::kAll}) {
    const std::string expected = text_of(model, internal, std::identity());
    for (const NodeOrder order : {NodeOrder::kValid, NodeOrder::kAny}) {
      CAPTURE(static_cast<int>(internal));
      CAPTURE(static_cast<int>(order));
      onnx::ModelProto disguised = model;
      shuffle_nodes(disguised, order, seed);
      const Renaming renaming(disguised, seed);
      const auto undone = [&](const std::string& name) { return renaming.undone(name); };
      CHECK(text_of(disguised, internal, undone) == expected);
    }
  }
}

}  // namespace

TEST_CASE("order: nodes in any order, and other names, change nothing") {
  for (const SampleModel& sample : sample_models()) {
    CAPTURE(std::string(sample.name));
    for (const std::uint32_t seed : {1U, 2U, 3U}) check_order(load(sample), seed);
  }
}

// Every fifth model.
TEST_CASE("order: in the zoo" * doctest::skip(std::getenv("PERMCRYPT_ZOO") == nullptr)) {
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(std::getenv("PERMCRYPT_ZOO"))) {
    const fs::path model = entry.path() / "model.onnx";
    if (fs::exists(model)) models.push_back(model);
  }
  std::ranges::sort(models);
  REQUIRE(models.size() > 300);
  for (std::size_t i = 0; i < models.size(); i += 5) {
    CAPTURE(models[i].string());
    const auto model = load(models[i]);
    if (!has_data_files(model)) check_order(model, static_cast<std::uint32_t>(i));
  }
}
