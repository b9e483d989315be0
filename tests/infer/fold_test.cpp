// Operators on small tensors, of which a model may say anything.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "infer/folded.h"

using namespace permcrypt;

namespace {

SmallTensor list(std::vector<std::int64_t> ints) {
  return {{static_cast<std::int64_t>(ints.size())}, true, std::move(ints), {}};
}

// The first result of an operator of one output; nothing when it does not fold.
std::optional<SmallTensor> fold_once(const std::string& op,
                                     const std::vector<const SmallTensor*>& operands,
                                     std::vector<std::int64_t> perm = {}) {
  onnx::NodeProto proto;
  if (!perm.empty()) {
    auto& attribute = *proto.add_attribute();
    attribute.set_name("perm");
    for (const std::int64_t k : perm) attribute.add_ints(k);
  }
  GraphNode node;
  node.op = TextRef(op);
  node.proto = &proto;
  node.outputs = {0};
  const auto results = evaluate(node, operands);
  return results.empty() ? std::nullopt : results[0];
}

}  // namespace

TEST_CASE("fold: operands that are missing") {
  const SmallTensor x = list({3, 4});
  for (const std::string op : {"Gather", "Where", "Expand", "Range", "Reshape", "Slice"}) {
    CAPTURE(op);
    CHECK_FALSE(fold_once(op, {&x}));
    CHECK_FALSE(fold_once(op, {&x, nullptr, nullptr}));
  }
  for (const std::string op : {"Add", "Concat"}) CHECK_FALSE(fold_once(op, {&x, nullptr}));
}

TEST_CASE("fold: a Range of nothing, or to the end of the numbers") {
  const SmallTensor none = list({}), zero = list({0}), one = list({1}), last = list({INT64_MAX}),
                    near = list({INT64_MAX - 1}), two = list({2});
  CHECK_FALSE(fold_once("Range", {&none, &one, &one}));
  CHECK_FALSE(fold_once("Range", {&zero, &none, &one}));
  CHECK(fold_once("Range", {&near, &last, &two}) == list({INT64_MAX - 1}));
}

TEST_CASE("fold: a Transpose that names an axis twice") {
  const SmallTensor x{{2, 3}, true, {1, 2, 3, 4, 5, 6}, {}};
  CHECK_FALSE(fold_once("Transpose", {&x}, {0, 0}));
  CHECK(fold_once("Transpose", {&x}, {1, 0}) == SmallTensor{{3, 2}, true, {1, 4, 2, 5, 3, 6}, {}});
}

TEST_CASE("fold: a Split into more than there is") {
  const SmallTensor x = list({1, 2, 3}), parts = list({1, INT64_MAX});
  CHECK_FALSE(fold_once("Split", {&x, &parts}));
}
