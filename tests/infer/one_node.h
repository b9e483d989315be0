// Models of a single node, written as a line:
//
//   y = Conv(x:f[2,6,8,8], w:f[10,6,3,3]!, b:f[10]!) pads=[1,1,1,1] auto_pad=NOTSET
//   y, i = com.microsoft.MoE(x:f[7,8], _, k:i64[2]={3,4}!) scale=0.5
//   y = ConstantOfShape(s:i64[2]={3,4}!) value=i64[1]={7}
//
// An operand is a name, an element type and a shape; with `!` an initializer, else a graph input;
// `_` is an omitted one, or result. Elements are random unless given: f any float, p a positive
// one, u8 i8 i32 i64 any number (i64<10: below 10), u4 any (two to a byte), b a boolean. seq is a
// sequence of tensors of floats, and s a string; models that have one cannot be run.
//
// Where the node has bodies, the model is in ONNX's own text, "g (float[2,6] x) => ..", and the
// node is the last one.
#pragma once

#include <onnx/onnx_pb.h>

#include <string_view>
#include <vector>

#include "verify/tensor_data.h"

namespace permcrypt::testing {

struct OneNode {
  onnx::ModelProto model;
  std::vector<TensorData> feeds;  // one per graph input
};

// Throws std::invalid_argument: such a line is a mistake in a test.
OneNode parse_one_node(std::string_view line, int opset);

}  // namespace permcrypt::testing
