// Which messages of onnx.proto the walk enters, and which of their fields the skeleton leaves out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "read/onnx_fields.h"

namespace permcrypt {

// The messages that are entered. All others are copied as they are.
enum class MessageKind : std::uint8_t {
  kModel,
  kTraining,
  kFunction,
  kGraph,
  kNode,
  kAttribute,
  kSparse,
  kTensor,
  kValueInfo
};

// A field of the message `of` that holds such messages: many, or at most one.
struct ChildMessage {
  MessageKind of;
  onnx_field::Number number;
  MessageKind kind;
  bool repeated;
};

// All field numbers of children are less.
inline constexpr std::size_t kChildNumbers = 32;

// Null when field `number` holds something else.
const ChildMessage* child_message(MessageKind of, onnx_field::Number number);

// Payloads, inner metadata, and the doc_strings in whose place FrameIds are written.
bool is_left_out(MessageKind of, onnx_field::Number number);

}  // namespace permcrypt
