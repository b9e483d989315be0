// Models of a few nodes, built in a test and analysed.
#pragma once

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "permcrypt/analysis.h"

namespace permcrypt::test {

class ModelMaker {
 public:
  ModelMaker() {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(17);
    model_.mutable_graph()->set_name("graph");
  }

  ModelMaker& input(const std::string& name, const std::vector<std::int64_t>& shape,
                    std::int32_t type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_input(), name, shape, type);
    return *this;
  }
  ModelMaker& output(const std::string& name, const std::vector<std::int64_t>& shape) {
    declare(*graph().add_output(), name, shape, onnx::TensorProto::FLOAT);
    return *this;
  }
  ModelMaker& node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::string& output) {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(output);
    for (const auto& name : inputs) node.add_input(name);
    node.add_output(output);
    return *this;
  }
  // Different elements in every weight, so that none is a copy of another.
  ModelMaker& weight(const std::string& name, const std::vector<std::int64_t>& shape) {
    onnx::TensorProto& tensor = tensor_of(name, shape, onnx::TensorProto::FLOAT);
    const float base = static_cast<float>(graph().initializer_size());
    std::string& bytes = *tensor.mutable_raw_data();
    for (std::int64_t i = 0; i < count(shape); ++i) {
      const float value =
          base + 0.37f * static_cast<float>(i % 101) - 0.013f * static_cast<float>(i);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return *this;
  }
  ModelMaker& indices(const std::string& name, const std::vector<std::int64_t>& shape,
                      const std::vector<std::int64_t>& values, bool packed_in_varints = false) {
    onnx::TensorProto& tensor = tensor_of(name, shape, onnx::TensorProto::INT64);
    for (const std::int64_t value : values) {
      if (packed_in_varints) {
        tensor.add_int64_data(value);
      } else {
        tensor.mutable_raw_data()->append(reinterpret_cast<const char*>(&value), sizeof value);
      }
    }
    return *this;
  }

  onnx::ModelProto& proto() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  Result<Model> read() const {
    return read_model(folder_.write("model.onnx", model_.SerializeAsString()));
  }
  Result<Analysis> analyse(const LockOptions& options = {}) const {
    auto model = read();
    REQUIRE(model);
    return permcrypt::analyse(*std::move(model), options);
  }
  Result<Analysis> analyse_without_locks() const {
    auto model = read();
    REQUIRE(model);
    return permcrypt::analyse_without_locks(*std::move(model), {});
  }

 private:
  static std::int64_t count(const std::vector<std::int64_t>& shape) {
    std::int64_t n = 1;
    for (const auto extent : shape) n *= extent;
    return n;
  }
  onnx::TensorProto& tensor_of(const std::string& name, const std::vector<std::int64_t>& shape,
                               std::int32_t type) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const auto extent : shape) tensor.add_dims(extent);
    return tensor;
  }
  static void declare(onnx::ValueInfoProto& info, const std::string& name,
                      const std::vector<std::int64_t>& shape, std::int32_t type) {
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    for (const auto n : shape) tensor.mutable_shape()->add_dim()->set_dim_value(n);
  }

  TempFolder folder_;
  onnx::ModelProto model_;
};

inline const PlanTensor* find_tensor(const Plan& plan, const std::string& name) {
  const auto it = std::ranges::find(plan.tensors, name, &PlanTensor::name);
  return it == plan.tensors.end() ? nullptr : &*it;
}

// "g0 x 4*g1" for the axes of a tensor of a plan.
inline std::string axes_of(const Plan& plan, const std::string& name) {
  const PlanTensor* tensor = find_tensor(plan, name);
  if (!tensor) return "still";
  std::string out;
  for (const AxisMap& axis : tensor->axes) out += (out.empty() ? "" : " x ") + to_string(axis);
  return out;
}

}  // namespace permcrypt::test
