#include "write/shape_of_part.h"

#include <algorithm>
#include <utility>

namespace permcrypt {

bool is_shape(const onnx::NodeProto& node) {
  return node.op_type() == "Shape" && node.domain().empty();
}

std::optional<std::vector<Extent>> extents_of(const onnx::NodeProto& shape_node,
                                              const ValueShapes& shapes,
                                              const std::string& anchor) {
  const auto value = shapes.find(shape_node.input(0)), from = shapes.find(anchor);
  if (value == shapes.end() || !value->second.known || from == shapes.end()) return std::nullopt;
  std::vector<Extent> out;
  for (const Axis& axis : value->second.axes) {
    if (!axis.dynamic()) {
      out.push_back({axis.a, std::nullopt});
      continue;
    }
    const auto& axes = from->second.axes;
    const auto same =
        std::ranges::find_if(axes, [&](const Axis& x) { return x.same_extent(axis); });
    if (same == axes.end()) return std::nullopt;
    out.push_back({0, static_cast<std::size_t>(same - axes.begin())});
  }
  const auto rank = static_cast<std::int64_t>(out.size());
  std::int64_t begin = 0, end = rank;
  for (const auto& attribute : shape_node.attribute()) {
    const std::int64_t i = attribute.i() < 0 ? attribute.i() + rank : attribute.i();
    (attribute.name() == "start" ? begin : end) = std::clamp<std::int64_t>(i, 0, rank);
  }
  if (begin >= end) return std::nullopt;
  return std::vector<Extent>(out.begin() + begin, out.begin() + end);
}

void add_shape(onnx::GraphProto& to, const onnx::NodeProto& shape_node,
               const std::vector<Extent>& extents, const std::string& anchor) {
  const std::string& name = shape_node.output(0);
  const std::string prefix = "permcrypt/shape/" + name + "/";
  const auto node = [&](const std::string& op, std::vector<std::string> inputs,
                        const std::string& output) {
    onnx::NodeProto& made = *to.add_node();
    made.set_op_type(op);
    made.set_name(output);
    for (auto& input : inputs) made.add_input(std::move(input));
    made.add_output(output);
    if (op == "Shape") return;
    onnx::AttributeProto& axis = *made.add_attribute();
    axis.set_name("axis");
    axis.set_type(onnx::AttributeProto::INT);
    axis.set_i(0);
  };
  node("Shape", {anchor}, prefix + "of");
  std::vector<std::string> parts;
  for (const Extent& extent : extents) {
    const std::string number = prefix + std::to_string(parts.size());
    onnx::TensorProto& tensor = *to.add_initializer();
    tensor.set_name(number);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(1);
    tensor.add_int64_data(extent.axis ? static_cast<std::int64_t>(*extent.axis) : extent.size);
    parts.push_back(number);
    if (!extent.axis) continue;
    parts.back() += "/extent";
    node("Gather", {prefix + "of", number}, parts.back());
  }
  node("Concat", parts, name);
}

}  // namespace permcrypt
