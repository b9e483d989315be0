// Shapes of values that a part of a model does not have, from the shape of one that it has.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/infer.h"

namespace permcrypt {

// What is known of the values of the main graph, by name.
using ValueShapes = std::map<std::string, ValueFacts>;

// One extent of a shape: a number, or an axis of the value that a part begins with.
struct Extent {
  std::int64_t size = 0;
  std::optional<std::size_t> axis;
};

bool is_shape(const onnx::NodeProto& node);

// What a Shape node gives, from the shape of `anchor`; nothing where that has not all of it.
std::optional<std::vector<Extent>> extents_of(const onnx::NodeProto& shape_node,
                                              const ValueShapes& shapes, const std::string& anchor);

// Adds nodes that compute so much, and call it what the Shape node calls its result.
// REQUIRES: `extents` are those from the shape of `anchor`.
void add_shape(onnx::GraphProto& to, const onnx::NodeProto& shape_node,
               const std::vector<Extent>& extents, const std::string& anchor);

}  // namespace permcrypt
