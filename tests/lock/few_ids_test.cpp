#include <doctest/doctest.h>

#include <algorithm>

#include "plan/small_models.h"

namespace permcrypt {
namespace {

using test::find_tensor;
using test::ModelMaker;

// Words, and kinds of words, as models of text take them.
TEST_CASE("ids of a few kinds stay when data carries the key, and a vocabulary moves") {
  for (const std::int64_t kinds : {2, 3, 4}) {
    ModelMaker maker;
    maker.input("ids", {2, 7}, onnx::TensorProto::INT64);
    maker.input("types", {2, 7}, onnx::TensorProto::INT64).output("y", {2, 7, 5});
    maker.weight("words", {9, 6}).weight("kinds", {kinds, 6}).weight("w", {6, 5});
    maker.node("Gather", {"words", "ids"}, "a").node("Gather", {"kinds", "types"}, "b");
    maker.node("Add", {"a", "b"}, "c").node("MatMul", {"c", "w"}, "y");
    const auto analysis = maker.analyse({.carry = Carry::kData});
    REQUIRE(analysis);
    const auto renumbers = [&](const char* input) {
      return std::ranges::any_of(analysis->plan.locks, [&](const PlanLock& lock) {
        return lock.kind == LockKind::kIndex && lock.value == input;
      });
    };
    CHECK(renumbers("ids"));
    CHECK(renumbers("types") == (kinds >= 4));
    const PlanTensor* table = find_tensor(analysis->plan, "kinds");
    REQUIRE(table);
    CHECK(table->axes[0].moves() == (kinds >= 4));
    CHECK(table->axes[1].moves());
  }
}

}  // namespace
}  // namespace permcrypt
