#include "lock/chains.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "write/locked_file.h"

namespace permcrypt::test {
namespace {

// Nodes that each read two values before them, most of them late ones.
onnx::ModelProto random_sums(std::mt19937& random, int nodes) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(21);
  auto& graph = *model.mutable_graph();
  for (auto* value : {graph.add_input(), graph.add_output()}) {
    auto& type = *value->mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_value(3);
  }
  graph.mutable_input(0)->set_name("v0");
  for (int i = 1; i <= nodes; ++i) {
    auto& node = *graph.add_node();
    node.set_op_type("Add");
    const int reach = random() % 4 == 0 ? i : std::min(i, 4);
    for (int k = 0; k < 2; ++k) {
      node.add_input("v" + std::to_string(i - 1 - static_cast<int>(random() % reach)));
    }
    node.add_output("v" + std::to_string(i));
  }
  graph.mutable_output(0)->set_name("v" + std::to_string(nodes));
  return model;
}

void check_reach(const Flow& flow, const std::vector<Flow::Step>& chain) {
  const ChainReach one = reach_of_chain(flow, chain);
  const Reach all = reach_of(flow, chain);
  for (const Flow::Step step : flow.order()) {
    for (std::uint32_t i = 0; i < chain.size(); ++i) {
      REQUIRE((i < one.below[step]) == ((all.below[step] >> i & 1) != 0));
      REQUIRE((i >= one.above[step]) == ((all.above[step] >> i & 1) != 0));
    }
  }
}

TEST_CASE("chains: a number says what 64 bits say, in random graphs") {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const LockedFile file(random_sums(random, 60));
    const Flow flow(file.graph());
    std::vector<Flow::Step> steps;  // some of them twice, as those of a node of two results
    for (int i = 0; i < 40; ++i) steps.push_back(random() % file.graph().nodes.size());
    const Chains split = split_into_chains(flow, steps, 3);
    std::vector<std::uint32_t> numbers = split.rest;
    REQUIRE_FALSE(split.chains.empty());
    for (const auto& chain : split.chains) {
      REQUIRE(chain.size() >= 3);
      numbers.insert(numbers.end(), chain.begin(), chain.end());
      std::vector<Flow::Step> of_chain;
      for (const std::uint32_t i : chain) of_chain.push_back(steps[i]);
      check_reach(flow, of_chain);
    }
    std::ranges::sort(numbers);
    REQUIRE(numbers.size() == steps.size());
    for (std::uint32_t i = 0; i < numbers.size(); ++i) REQUIRE(numbers[i] == i);
  }
}

}  // namespace
}  // namespace permcrypt::test
