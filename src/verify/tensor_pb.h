// ONNX TensorProto files, as in the backend tests' input_0.pb.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Takes raw_data as well as the typed fields.
// Errors (kInput): not a TensorProto; strings, external or chunked data; data that does not fit the
// shape.
Result<TensorData> decode_tensor_pb(std::string_view pb);

// The same bytes for the same tensor: name, type, shape, raw_data.
std::string encode_tensor_pb(const TensorData& tensor);

}  // namespace permcrypt
