// Small whole models that stand for whole families: what inference and lock placement make of each
// lies in testdata/golden, for people to review.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <span>
#include <string>

namespace permcrypt::testing {

struct SampleModel {
  const char* name;
  const char* path;  // in testdata/; ends in .txt: see infer/text_model.h
};

std::span<const SampleModel> sample_models();

// Throws std::runtime_error when it cannot be read.
onnx::ModelProto load(const SampleModel& sample);
onnx::ModelProto load(const std::filesystem::path& model);
// Some of the model's weights are not in it.
bool has_data_files(const onnx::ModelProto& model);

}  // namespace permcrypt::testing
