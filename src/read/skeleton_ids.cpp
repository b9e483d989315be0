// The ids that the walk leaves in Model::structure.
#include <charconv>
#include <cstdint>
#include <string>

#include "permcrypt/model.h"

namespace permcrypt {
namespace {

FrameId parse_frame(const std::string& text) {
  FrameId frame = kNone;
  std::from_chars(text.data(), text.data() + text.size(), frame);
  return frame;
}

}  // namespace

TensorId tensor_id(const onnx::TensorProto& tensor) {
  const std::string& bytes = tensor.raw_data();
  if (bytes.size() != 4) return kNone;
  TensorId id = 0;
  for (int i = 3; i >= 0; --i) id = id << 8 | static_cast<unsigned char>(bytes[i]);
  return id;
}

FrameId frame_of(const onnx::GraphProto& graph) { return parse_frame(graph.doc_string()); }
FrameId frame_of(const onnx::NodeProto& node) { return parse_frame(node.doc_string()); }
FrameId frame_of(const onnx::FunctionProto& function) { return parse_frame(function.doc_string()); }

}  // namespace permcrypt
