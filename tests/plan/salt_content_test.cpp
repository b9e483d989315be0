#include "plan/salt_content.h"

#include <doctest/doctest.h>

#include <set>

#include "plan/small_models.h"

namespace permcrypt {
namespace {

void fill(test::ModelMaker& maker, std::int64_t width) {
  maker.input("x", {3, width}).output("y", {3, width}).node("Mul", {"x", "w"}, "y");
  maker.weight("w", {width});
}

std::string content(const test::ModelMaker& maker, const SaltOptions& options = {}) {
  const auto model = maker.read();
  REQUIRE(model);
  PayloadReader payloads(*model);
  const auto out = salt_content(*model, payloads, options);
  REQUIRE(out);
  CHECK(out->size() == 32);
  return *out;
}

TEST_CASE("the same model and options have the same content") {
  test::ModelMaker a, b;
  fill(a, 20);
  fill(b, 20);
  CHECK(content(a) == content(b));
}

TEST_CASE("everything that changes groups or names a licensee counts") {
  test::ModelMaker maker;
  fill(maker, 20);
  std::set<std::string> seen;
  CHECK(seen.insert(content(maker)).second);
  CHECK(seen.insert(content(maker, {.carry = "data"})).second);
  CHECK(seen.insert(content(maker, {.internal = "block"})).second);
  CHECK(seen.insert(content(maker, {.cache = "plain"})).second);
  CHECK(seen.insert(content(maker, {.dims = {{"n", 4}}})).second);
  CHECK(seen.insert(content(maker, {.dims = {{"n", 5}}})).second);
  CHECK(seen.insert(content(maker, {.licensee = "n"})).second);
  maker.graph().set_doc_string("another");
  CHECK(seen.insert(content(maker)).second);
}

// Of a payload over 4 KiB, 16 samples of 256 bytes count; the first and last bytes are among them.
TEST_CASE("payloads are sampled") {
  test::ModelMaker maker;
  fill(maker, 10000);
  const std::string before = content(maker);
  std::string& bytes = *maker.graph().mutable_initializer(0)->mutable_raw_data();
  const auto changes = [&](std::size_t at) {
    bytes[at] ^= 1;
    const bool differs = content(maker) != before;
    bytes[at] ^= 1;
    return differs;
  };
  CHECK(changes(0));
  CHECK(changes(bytes.size() - 1));
  CHECK(!changes(300));
  CHECK(changes((bytes.size() - 256) * 3 / 15 + 17));
}

TEST_CASE("a small payload counts whole") {
  test::ModelMaker maker;
  fill(maker, 1024);
  const std::string before = content(maker);
  std::string& bytes = *maker.graph().mutable_initializer(0)->mutable_raw_data();
  bytes[300] ^= 1;
  CHECK(content(maker) != before);
}

}  // namespace
}  // namespace permcrypt
