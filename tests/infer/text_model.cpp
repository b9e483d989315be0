#include "infer/text_model.h"

#include <onnx/defs/parser.h>

#include <cmath>
#include <random>
#include <set>
#include <stdexcept>
#include <string>

namespace permcrypt::testing {
namespace {

// The inverse square root of the extent that a product sums over.
float scale_of(const onnx::TensorProto& weight) {
  const int rank = weight.dims_size();
  return rank < 2 ? 1.0F : 1.0F / std::sqrt(static_cast<float>(weight.dims(rank - 2)));
}

void add_weight(onnx::GraphProto& graph, const onnx::ValueInfoProto& declared,
                std::mt19937& random) {
  onnx::TensorProto& weight = *graph.add_initializer();
  weight.set_name(declared.name());
  weight.set_data_type(onnx::TensorProto::FLOAT);
  std::size_t elements = 1;
  for (const auto& dim : declared.type().tensor_type().shape().dim()) {
    weight.add_dims(dim.dim_value());
    elements *= static_cast<std::size_t>(dim.dim_value());
  }
  std::normal_distribution<float> draw(0, scale_of(weight));
  std::string& bytes = *weight.mutable_raw_data();
  for (std::size_t k = 0; k < elements; ++k) {
    const float x = draw(random);
    bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
  }
}

}  // namespace

onnx::ModelProto text_model(std::string_view text, unsigned seed) {
  onnx::ModelProto model;
  const std::string whole =
      "<ir_version: 8, opset_import: [\"\" : 17, \"com.microsoft\" : 1]>\n" + std::string(text);
  const auto status = onnx::OnnxParser::Parse(model, whole.c_str());
  if (!status.IsOK()) throw std::invalid_argument(status.ErrorMessage());
  onnx::GraphProto& graph = *model.mutable_graph();
  std::set<std::string> made;
  for (const auto& node : graph.node()) made.insert(node.output().begin(), node.output().end());
  std::mt19937 random(seed);
  for (const auto& declared : graph.value_info()) {
    if (!made.contains(declared.name())) add_weight(graph, declared, random);
  }
  graph.clear_value_info();
  return model;
}

}  // namespace permcrypt::testing
