#include "verify/cache_order.h"

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace permcrypt {
namespace {

// A cache [heads 2, places, parts 3], with an order of the parts for each head.
struct Setting {
  Plan plan;
  const std::vector<Permutation> groups = {
      Permutation({1, 0}), Permutation::sum(Permutation({1, 2, 0}), Permutation({0, 2, 1}))};

  Setting() {
    const auto map = [](const char* text) { return parse_axis_map(text, {2, 3}, {1, 2}).value(); };
    AxisMap places = map("1");
    places.extent = 0;  // as many as there are
    plan.caches = {{"past", "present", {map("g0"), places, map("g0:g1")}, {kNone, kNone, 0}}};
  }
};

TensorData numbers(const std::string& name, const std::string& bytes) {
  TensorData tensor;
  tensor.name = name;
  tensor.type = onnx::TensorProto::INT8;
  tensor.shape = {2, static_cast<std::int64_t>(bytes.size() / 6), 3};
  tensor.bytes = bytes;
  return tensor;
}

TEST_CASE("cache order: the parts of a head are in its own order") {
  const Setting s;
  const CacheOrder order(s.plan, s.groups);
  const auto past = order.to_encrypted({numbers("past", "abcdefghijkl")});
  CHECK(past[0].bytes == "gihjlkbcaefd");
  const auto present = order.to_plain({numbers("present", past[0].bytes)});
  CHECK(present[0].bytes == "abcdefghijkl");
  CHECK(order.to_encrypted({numbers("other", "abcdef")})[0].bytes == "abcdef");
  CHECK(order.to_encrypted({numbers("past", "")})[0].bytes.empty());
}

TEST_CASE("cache order: heads may be the inner axis") {
  TensorData cache = numbers("past", "abcdef");  // [parts 3, heads 2]
  cache.shape = {3, 2};
  const FibredAxis parts{1, 0, {Permutation({1, 2, 0}), Permutation({0, 2, 1})}};
  CHECK(renumbered(cache, parts).bytes == "cbefad");
  // Another shape is for the runtime to refuse.
  cache.shape = {2, 3};
  CHECK(renumbered(cache, parts).bytes == "abcdef");
  cache.shape = {6};
  CHECK(renumbered(cache, parts).bytes == "abcdef");
}

}  // namespace
}  // namespace permcrypt
