#include "oracle/nonsense.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>

#include "infer/registry.h"
#include "permcrypt/model.h"

namespace permcrypt::testing {
namespace {

// Attributes that rules read.
constexpr std::array kAttributes = {"axis",
                                    "axes",
                                    "perm",
                                    "keepdims",
                                    "pads",
                                    "strides",
                                    "dilations",
                                    "group",
                                    "num_heads",
                                    "kv_num_heads",
                                    "hidden_size",
                                    "kernel_shape",
                                    "output_shape",
                                    "blocksize",
                                    "block_size",
                                    "K",
                                    "N",
                                    "bits",
                                    "to",
                                    "split",
                                    "num_outputs",
                                    "starts",
                                    "ends",
                                    "shape",
                                    "num_groups",
                                    "transA",
                                    "transB",
                                    "transBatchA",
                                    "batch_dims",
                                    "axis_w",
                                    "k",
                                    "layout",
                                    "direction",
                                    "auto_pad",
                                    "ceil_mode",
                                    "equation",
                                    "num_scan_inputs",
                                    "rotary_embedding_dim",
                                    "interleaved",
                                    "quantize_axis",
                                    "gather_axis",
                                    "select_last_index",
                                    "batch_axis",
                                    "time_axis",
                                    "exclusive",
                                    "upper",
                                    "mode",
                                    "qkv_hidden_sizes",
                                    "do_rotary",
                                    "k_blocks",
                                    "block_shape",
                                    "channels_last",
                                    "noop_with_empty_axes",
                                    "allowzero",
                                    "scales",
                                    "value_ints",
                                    "swiglu_fusion",
                                    "expert_weight_bits"};

constexpr std::array<std::int64_t, 8> kExtents = {0, 1, 1, 2, 3, 4, 6, 8};

std::size_t pick(std::mt19937& random, std::size_t n) { return random() % n; }

std::int64_t small_or_odd(std::mt19937& random) {
  constexpr std::array<std::int64_t, 6> kOdd = {INT64_MAX, INT64_MIN, INT32_MAX,
                                                INT32_MIN, 1 << 20,   -100};
  if (pick(random, 8) == 0) return kOdd[pick(random, kOdd.size())];
  return static_cast<std::int64_t>(pick(random, 9)) - 2;
}

void add_attributes(onnx::NodeProto& node, std::mt19937& random) {
  const std::size_t count = pick(random, 7);
  for (std::size_t i = 0; i < count; ++i) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(kAttributes[pick(random, kAttributes.size())]);
    if (pick(random, 2) == 0) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(small_or_odd(random));
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (std::size_t n = pick(random, 6); n > 0; --n) attribute.add_ints(small_or_odd(random));
    }
    if (pick(random, 6) == 0) attribute.set_s("ab,bc->ac");
  }
}

onnx::TensorProto any_tensor(std::mt19937& random) {
  using T = onnx::TensorProto;
  constexpr std::array kTypes = {T::FLOAT, T::FLOAT, T::FLOAT, T::INT64, T::INT64,
                                 T::UINT8, T::INT8,  T::INT32, T::BOOL,  T::FLOAT16};
  T out;
  out.set_data_type(kTypes[pick(random, kTypes.size())]);
  std::size_t elements = 1;
  for (std::size_t rank = pick(random, 6); rank > 0; --rank) {
    out.add_dims(kExtents[pick(random, kExtents.size())]);
    elements *= static_cast<std::size_t>(out.dims(out.dims_size() - 1));
  }
  std::string& raw = *out.mutable_raw_data();
  const auto width = static_cast<std::size_t>(element_bits(out.data_type())) / 8;
  for (std::size_t i = 0; i < elements && out.data_type() == T::INT64; ++i) {
    const std::int64_t value = small_or_odd(random);
    raw.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  raw.resize(elements * width, static_cast<char>(random()));
  return out;
}

void add_operand(onnx::GraphProto& graph, onnx::NodeProto& node, std::mt19937& random) {
  if (pick(random, 10) == 0) return node.add_input("");
  onnx::TensorProto tensor = any_tensor(random);
  tensor.set_name("t" + std::to_string(node.input_size()));
  node.add_input(tensor.name());
  if (pick(random, 2) == 0) {
    *graph.add_initializer() = std::move(tensor);
    return;
  }
  auto& input = *graph.add_input();
  input.set_name(tensor.name());
  auto& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.data_type());
  type.mutable_shape();
  for (const std::int64_t extent : tensor.dims()) {
    auto& dim = *type.mutable_shape()->add_dim();
    if (pick(random, 5) == 0) {
      dim.set_dim_param(std::string(1, static_cast<char>('a' + pick(random, 3))));
    } else {
      dim.set_dim_value(extent);
    }
  }
}

}  // namespace

std::string nonsense_model(std::mt19937& random) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  auto& graph = *model.mutable_graph();
  graph.set_name("nonsense");
  const auto families = all_rules();
  const auto family = families[pick(random, families.size())];
  const OpRule& rule = family[pick(random, family.size())];
  auto& node = *graph.add_node();
  node.set_op_type(std::string(rule.op));
  node.set_domain(std::string(rule.domain));
  for (std::size_t n = pick(random, 8); n > 0; --n) add_operand(graph, node, random);
  add_attributes(node, random);
  for (std::size_t n = pick(random, 4); n > 0; --n) {
    node.add_output("y" + std::to_string(n));
    graph.add_output()->set_name(node.output(node.output_size() - 1));
  }
  for (const char* domain : {"", "com.microsoft", "ai.onnx.ml", "ai.onnx.preview.training"}) {
    auto& import = *model.add_opset_import();
    import.set_domain(domain);
    import.set_version(static_cast<std::int64_t>(1 + pick(random, 24)));
  }
  if (!rule.domain.empty()) {
    auto& import = *model.add_opset_import();
    import.set_domain(std::string(rule.domain));
    import.set_version(1);
  }
  return model.SerializeAsString();
}

}  // namespace permcrypt::testing
