// Small graphs that compose operators at random, the same for a seed on every machine.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "verify/tensor_data.h"

namespace permcrypt::testing {

struct RandomGraph {
  onnx::ModelProto model;
  // Inputs on which it runs, with another extent of the dynamic dimension in each.
  std::vector<std::vector<TensorData>> samples;
  std::vector<std::string> steps;  // what it is made of: "" where a step was left out
};

// Every choice of a step depends on the seed and the step's number only, so that a graph without
// the steps in `without` is otherwise much the same.
RandomGraph random_graph(std::uint32_t seed, const std::set<int>& without = {});

// The same model with its nodes in another order.
onnx::ModelProto shuffled(const onnx::ModelProto& model, std::uint32_t seed);

}  // namespace permcrypt::testing
