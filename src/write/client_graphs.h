// The two small ONNX graphs that a user runs around a model when the data carries the key.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/status.h"
#include "permcrypt/token.h"

namespace permcrypt {

// What a user feeds to a model: its inputs without initializers, which older models list too, and
// without `key_input`.
std::vector<onnx::ValueInfoProto> data_inputs(const onnx::ModelProto& model,
                                              std::string_view key_input);

// `model` is the encrypted model; `key_input` the input that takes a token ("" when none does): it
// is no data, and the graphs leave it out. Equal bytes for equal maps. Outputs that are neither
// tensors nor made of them cannot pass through any operator, and are left out too. Errors (kState):
// an input or output has the name that a scrambled one would get.
Result<ClientGraphs> make_client_graphs(const onnx::ModelProto& model, std::string_view key_input,
                                        const std::vector<ClientMap>& maps);

}  // namespace permcrypt
