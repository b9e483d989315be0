#include "verify/runnable_inputs.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace permcrypt;

namespace {

const std::filesystem::path kModels =
    std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata/models";

std::vector<std::int64_t> shape_of(const std::vector<TensorData>& tensors, std::string_view name) {
  for (const TensorData& tensor : tensors) {
    if (tensor.name == name) return tensor.shape;
  }
  return {};
}

}  // namespace

TEST_CASE("runnable inputs: the mask spans past and new positions" *
          doctest::skip(!runtime_available())) {
  auto session = Session::open(kModels / "gpt2-decoder-merged", {}).value();
  InputChoices choices{.caches = {"past_0", "past_1"}, .past = 5};
  const auto inputs = runnable_inputs(session, choices).value();
  CHECK(shape_of(inputs, "input_ids") == std::vector<std::int64_t>{2, 7});
  CHECK(shape_of(inputs, "attention_mask") == std::vector<std::int64_t>{2, 12});
  CHECK(session.run(inputs).has_value());
}

TEST_CASE("runnable inputs: what is bound stays so, and may make all guesses fail" *
          doctest::skip(!runtime_available())) {
  auto session = Session::open(kModels / "gpt2-decoder-merged", {}).value();
  InputChoices choices{.caches = {"past_0", "past_1"}};
  choices.dims = {{"past_seq_len", 3}, {"seq_len", 2}, {"total_seq_len", 6}};
  const auto inputs = runnable_inputs(session, choices);
  REQUIRE_FALSE(inputs.has_value());
  CHECK(inputs.error().kind == ErrorKind::kInput);
  CHECK(inputs.error().hint == "give data with --inputs");
}
