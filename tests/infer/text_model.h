// Small models in ONNX's text form, with weights that need not be spelled out.
#pragma once

#include <onnx/onnx_pb.h>

#include <string_view>

namespace permcrypt::testing {

// Parses a graph (IR 8, opset 17 and com.microsoft 1). A value that is declared between "<" and ">"
// without elements, and that no node makes, becomes an initializer: normal floats, as large as
// keeps activations in range, other ones for each seed. Throws std::invalid_argument: a mistake in
// a test.
onnx::ModelProto text_model(std::string_view graph, unsigned seed = 1);

}  // namespace permcrypt::testing
