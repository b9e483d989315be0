// The models in testdata/, and models built in a test.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <vector>

namespace permcrypt::test {

inline std::filesystem::path sample_model(const std::string& name) {
  return std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata" / "models" / name / "model.onnx";
}

inline const std::vector<std::string> kSampleModels = {
    "bert-external-zero-length", "bert-typed-data-fields",          "bert-weights-as-constants",
    "gpt2-decoder-merged",       "gpt2-ir3-initializers-as-inputs", "layernorm-functions-nested",
    "sklearn-scaler-logreg",
};

// A model with an empty graph.
inline onnx::ModelProto empty_model() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.mutable_graph()->set_name("graph");
  model.add_opset_import()->set_version(17);
  return model;
}

// Adds an initializer without data.
inline onnx::TensorProto& add_tensor(onnx::ModelProto& model, const std::string& name,
                                     std::int32_t type, const std::vector<std::int64_t>& shape) {
  onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (std::int64_t dim : shape) tensor.add_dims(dim);
  return tensor;
}

// Makes a tensor external; empty strings leave the entry out.
inline void set_external(onnx::TensorProto& tensor, const std::string& location,
                         const std::string& offset = "", const std::string& length = "") {
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&tensor](const char* key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", location);
  if (!offset.empty()) add("offset", offset);
  if (!length.empty()) add("length", length);
}

}  // namespace permcrypt::test
