#include "oracle/mutation.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "infer/registry.h"

namespace permcrypt::testing {
namespace {

using Random = std::mt19937;

std::size_t pick(Random& random, std::size_t n) { return random() % n; }

std::int64_t odd_integer(Random& random) {
  constexpr std::array<std::int64_t, 16> kOdd = {0,
                                                 1,
                                                 -1,
                                                 2,
                                                 3,
                                                 -2,
                                                 7,
                                                 64,
                                                 -64,
                                                 1'000'000'007,
                                                 INT32_MAX,
                                                 INT32_MIN,
                                                 std::int64_t{1} << 32,
                                                 std::int64_t{1} << 62,
                                                 INT64_MAX,
                                                 INT64_MIN};
  return kOdd[pick(random, kOdd.size())];
}

void change_bytes_once(std::string& bytes, Random& random) {
  const std::size_t at = pick(random, bytes.size());
  const std::size_t length = std::min(bytes.size() - at, std::size_t{1} << pick(random, 7));
  switch (pick(random, 7)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << pick(random, 8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random());
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(pick(random, bytes.size()), length));
      break;
    case 4:
      bytes.insert(at, std::string(length, static_cast<char>(random())));
      break;
    case 5:
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, '\xff');
      break;
    default:
      if (pick(random, 4) == 0) bytes.resize(at);
  }
}

// Any name that the graph knows.
std::string some_name(const onnx::GraphProto& graph, Random& random) {
  std::vector<std::string> names{"", "nowhere"};
  for (const auto& node : graph.node()) {
    names.insert(names.end(), node.output().begin(), node.output().end());
  }
  for (const auto& tensor : graph.initializer()) names.push_back(tensor.name());
  for (const auto& input : graph.input()) names.push_back(input.name());
  return names[pick(random, names.size())];
}

void change_tensor(onnx::TensorProto& tensor, Random& random) {
  switch (pick(random, 5)) {
    case 0:
      tensor.add_dims(odd_integer(random));
      break;
    case 1:
      if (tensor.dims_size() > 0) {
        tensor.set_dims(
            static_cast<int>(pick(random, static_cast<std::size_t>(tensor.dims_size()))),
            odd_integer(random));
      }
      break;
    case 2:
      tensor.set_data_type(static_cast<int>(pick(random, 26)));
      break;
    case 3:
      if (tensor.raw_data().size() >= sizeof(std::int64_t)) {
        const std::int64_t odd = odd_integer(random);
        const std::size_t count = tensor.raw_data().size() / sizeof odd;
        std::memcpy(tensor.mutable_raw_data()->data() + pick(random, count) * sizeof odd, &odd,
                    sizeof odd);
      }
      break;
    default:
      tensor.clear_raw_data();
  }
}

void change_attribute(onnx::NodeProto& node, Random& random) {
  if (node.attribute_size() == 0) return;
  const int at = static_cast<int>(pick(random, static_cast<std::size_t>(node.attribute_size())));
  onnx::AttributeProto& attribute = *node.mutable_attribute(at);
  switch (pick(random, 5)) {
    case 0:
      node.mutable_attribute()->DeleteSubrange(at, 1);
      break;
    case 1:
      attribute.add_ints(odd_integer(random));
      break;
    case 2:
      if (attribute.ints_size() > 0) {
        const auto size = static_cast<std::size_t>(attribute.ints_size());
        attribute.set_ints(static_cast<int>(pick(random, size)), odd_integer(random));
      } else if (attribute.has_t()) {
        change_tensor(*attribute.mutable_t(), random);
      }
      break;
    case 3:
      attribute.clear_ints();
      attribute.clear_s();
      break;
    default:
      attribute.set_i(odd_integer(random));
  }
}

// Any that has a rule, so that the rule sees operands that it does not expect.
void change_operator(onnx::NodeProto& node, Random& random) {
  const auto families = all_rules();
  const auto family = families[pick(random, families.size())];
  const OpRule& rule = family[pick(random, family.size())];
  node.set_op_type(std::string(rule.op));
  node.set_domain(std::string(rule.domain));
}

void change_node(onnx::GraphProto& graph, Random& random) {
  const auto nodes = static_cast<std::size_t>(graph.node_size());
  onnx::NodeProto& node = *graph.mutable_node(static_cast<int>(pick(random, nodes)));
  const auto operands = static_cast<std::size_t>(node.input_size());
  switch (pick(random, 8)) {
    case 0:
    case 1:
    case 2:
      return change_attribute(node, random);
    case 3:
      return change_operator(node, random);
    case 4:
      return node.add_input(some_name(graph, random));
    case 5:
      if (operands > 0) node.mutable_input()->RemoveLast();
      return;
    case 6:
      if (node.output_size() > 0) node.set_output(0, some_name(graph, random));
      return;
    default:
      if (operands > 0)
        node.set_input(static_cast<int>(pick(random, operands)), some_name(graph, random));
  }
}

void change_interface(onnx::GraphProto& graph, Random& random) {
  if (graph.input_size() == 0 || graph.output_size() == 0) return;
  if (pick(random, 4) == 0) return graph.mutable_output(0)->set_name(some_name(graph, random));
  const auto inputs = static_cast<std::size_t>(graph.input_size());
  auto& type = *graph.mutable_input(static_cast<int>(pick(random, inputs)))->mutable_type();
  auto& shape = *type.mutable_tensor_type()->mutable_shape();
  if (shape.dim_size() == 0 || pick(random, 4) == 0) {
    shape.add_dim()->set_dim_value(odd_integer(random));
  } else {
    const auto rank = static_cast<std::size_t>(shape.dim_size());
    shape.mutable_dim(static_cast<int>(pick(random, rank)))->set_dim_value(odd_integer(random));
  }
}

// The graph, or a body in it.
onnx::GraphProto& some_graph(onnx::GraphProto& graph, Random& random) {
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g() && pick(random, 3) == 0)
        return some_graph(*attribute.mutable_g(), random);
    }
  }
  return graph;
}

}  // namespace

std::string with_changed_bytes(std::string bytes, std::mt19937& random) {
  const std::size_t changes = 1 + pick(random, 4);
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) change_bytes_once(bytes, random);
  return bytes;
}

std::string with_changed_fields(const std::string& bytes, std::mt19937& random) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) return bytes;
  const std::size_t changes = 1 + pick(random, 3);
  for (std::size_t i = 0; i < changes; ++i) {
    onnx::GraphProto& graph = some_graph(*model.mutable_graph(), random);
    const auto tensors = static_cast<std::size_t>(graph.initializer_size());
    switch (pick(random, 8)) {
      case 0:
        change_interface(graph, random);
        break;
      case 1:
      case 2:
      case 3:
        if (tensors > 0) {
          change_tensor(*graph.mutable_initializer(static_cast<int>(pick(random, tensors))),
                        random);
        }
        break;
      case 4:
        if (model.opset_import_size() > 0) {
          model.mutable_opset_import(0)->set_version(static_cast<std::int64_t>(pick(random, 26)));
        }
        break;
      default:
        if (graph.node_size() > 0) change_node(graph, random);
    }
  }
  return model.SerializeAsString();
}

}  // namespace permcrypt::testing
