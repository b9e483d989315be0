#include "golden/sample_model.h"

#include <algorithm>
#include <stdexcept>

#include "base/temp_folder.h"
#include "infer/text_model.h"

namespace permcrypt::testing {
namespace {

constexpr SampleModel kSamples[] = {
    {"bert", "models/bert-weights-as-constants/model.onnx"},
    {"gpt2", "models/gpt2-ir3-initializers-as-inputs/model.onnx"},
    {"llama", "models/llama-fp16/model.onnx"},
    {"llama-tied-fused", "models/llama-genai-gqa-tied/model.onnx"},
    {"vit", "vit-mnist/model.onnx"},
    {"t5-encoder", "models/t5-encoder-fused/model.onnx"},
    {"mixtral-int4", "models/mixtral-genai-qmoe4/model.onnx"},
    {"lstm", "models/lstm-tagger-dynamo/model.onnx"},
    {"separable-cnn", "models/separable-cnn/model.txt"},
    {"shufflenet", "models/shufflenet-pixelshuffle-dynamo/model.onnx"},
    {"dlrm", "models/dlrm-opset13/model.onnx"},
};

}  // namespace

std::span<const SampleModel> sample_models() { return kSamples; }

onnx::ModelProto load(const std::filesystem::path& path) {
  onnx::ModelProto model;
  if (!model.ParseFromString(test::read_all(path))) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return model;
}

onnx::ModelProto load(const SampleModel& sample) {
  const auto path = std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata" / sample.path;
  return path.extension() == ".txt" ? text_model(test::read_all(path)) : load(path);
}

bool has_data_files(const onnx::ModelProto& model) {
  return std::ranges::any_of(model.graph().initializer(), [](const onnx::TensorProto& tensor) {
    return tensor.data_location() == onnx::TensorProto::EXTERNAL;
  });
}

}  // namespace permcrypt::testing
