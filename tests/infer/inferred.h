// A whole model in ONNX's text form, as inference sees it.
#pragma once

#include <onnx/defs/parser.h>

#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "permcrypt/infer.h"
#include "base/temp_folder.h"

namespace permcrypt::testing {

class ParsedModel {
 public:
  // `text` without the header. Throws what() the parser says.
  explicit ParsedModel(const std::string& text) {
    onnx::ModelProto proto;
    const std::string whole = "<ir_version: 8, opset_import: [\"\" : 17]>\n" + text;
    const auto status = onnx::OnnxParser::Parse(proto, whole.c_str());
    if (!status.IsOK()) throw std::invalid_argument(status.ErrorMessage());
    std::ofstream(folder_ / "model.onnx", std::ios::binary) << proto.SerializeAsString();
    model_ = read_model(folder_ / "model.onnx").value();
    payloads_.emplace(model_);
    graph_ = build_graph(model_, *payloads_).value();
  }

  const Graph& graph() const { return graph_; }
  ValueId value(std::string_view name) const {
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      if (graph_.values[id].name == name) return id;
    }
    throw std::invalid_argument("no such value");
  }

 private:
  test::TempFolder folder_;
  Model model_;
  std::optional<PayloadReader> payloads_;
  Graph graph_;
};

class Inferred {
 public:
  explicit Inferred(const std::string& text, const InferOptions& options = {})
      : parsed_(text), inference_(infer(parsed_.graph(), options).value()) {}

  // Whether a part of the axis may move.
  bool free(std::string_view value, std::size_t axis) {
    return inference_.axes.any_free(inference_.values[parsed_.value(value)].axes.at(axis).expr);
  }
  const Inference& inference() const { return inference_; }

 private:
  ParsedModel parsed_;
  Inference inference_;
};

// "float[2,3] w = {0,1,2,0,1,2}": an initializer for the text form.
inline std::string weights(const std::string& name, int rows, int columns) {
  std::string text = "float[" + std::to_string(rows) + "," + std::to_string(columns) + "] " + name;
  for (int i = 0; i < rows * columns; ++i) text += (i == 0 ? " = {" : ",") + std::to_string(i % 7);
  return text + "}";
}

}  // namespace permcrypt::testing
