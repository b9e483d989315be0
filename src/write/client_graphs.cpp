#include "write/client_graphs.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr int kOldestOpset = 13, kOldestIr = 7;
constexpr int kOptionalOpset = 16;  // Identity of sequences and optionals

onnx::AttributeProto attribute(const std::string& name, std::int64_t value) {
  onnx::AttributeProto out;
  out.set_name(name);
  out.set_type(onnx::AttributeProto::INT);
  out.set_i(value);
  return out;
}

// Appends the nodes of one graph.
class ClientGraph {
 public:
  explicit ClientGraph(onnx::GraphProto& graph) : graph_(graph) {}

  // `from` with all its maps, as `to`.
  void pass(const std::string& from, const std::string& to, std::int32_t type,
            const std::vector<const ClientMap*>& maps) {
    std::string value = from;
    for (const ClientMap* map : maps) {
      value = map->ids             ? renumber_ids(value, *map, type)
              : map->joint.empty() ? gather(value, map->index.front(), map->axis)
                                   : gather_jointly(value, *map);
    }
    if (value == from) value = add("Identity", {from});
    graph_.mutable_node()->rbegin()->set_output(0, to);
  }

 private:
  std::string fresh_name() { return "permcrypt/" + std::to_string(++names_); }

  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  std::vector<onnx::AttributeProto> attributes = {}) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(fresh_name());
    node.set_name(node.output(0));
    for (auto& a : attributes) *node.add_attribute() = std::move(a);
    return node.output(0);
  }

  template <class T>
  std::string add_vector(std::int32_t type, const std::vector<T>& values) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(fresh_name());
    tensor.set_data_type(type);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    std::string& bytes = *tensor.mutable_raw_data();
    for (const T value : values) {
      const auto bits = static_cast<std::uint64_t>(value);
      const int width = type == onnx::TensorProto::INT64 ? 64 : 32;
      for (int shift = 0; shift < width; shift += 8) {
        bytes.push_back(static_cast<char>(bits >> shift));
      }
    }
    return tensor.name();
  }

  std::string gather(const std::string& value, const Permutation& index, std::uint32_t axis) {
    if (index.is_identity()) return value;
    const std::string vector = add_vector(onnx::TensorProto::INT32, index.old_of_new());
    return add("Gather", {value, vector}, {attribute("axis", axis)});
  }

  std::string renumber_ids(const std::string& ids, const ClientMap& map, std::int32_t type) {
    if (map.index.front().is_identity()) return ids;
    const std::string table = add_vector(type, map.index.front().old_of_new());
    return add("Gather", {table, ids}, {attribute("axis", 0)});
  }

  // The axes in front are copied, whatever they are; those behind become `extents`.
  std::string reshape(const std::string& value, std::uint32_t axis, const Numbers& extents) {
    Numbers shape(axis, 0);
    shape.insert(shape.end(), extents.begin(), extents.end());
    return add("Reshape", {value, add_vector(onnx::TensorProto::INT64, shape)});
  }

  std::string transpose(const std::string& value, std::uint32_t axis,
                        const std::vector<std::uint32_t>& order) {
    onnx::AttributeProto perm;
    perm.set_name("perm");
    perm.set_type(onnx::AttributeProto::INTS);
    for (std::uint32_t i = 0; i < axis; ++i) perm.add_ints(i);
    for (const std::uint32_t i : order) perm.add_ints(axis + i);
    return add("Transpose", {value}, {std::move(perm)});
  }

  // Takes the axes apart into digits, arranges these, and puts them together again.
  std::string gather_jointly(std::string value, const ClientMap& map) {
    Numbers plain, digits, arranged, parts;
    for (const auto& axis : map.joint.digits) {
      plain.push_back(1);
      for (const std::uint64_t digit : axis) {
        digits.push_back(static_cast<std::int64_t>(digit));
        plain.back() *= digits.back();
      }
    }
    std::vector<std::uint32_t> back(map.joint.order.size());
    for (std::uint32_t i = 0; i < back.size(); ++i) {
      back[map.joint.order[i]] = i;
      arranged.push_back(digits[map.joint.order[i]]);
    }
    for (const Permutation& part : map.index) {
      parts.push_back(static_cast<std::int64_t>(part.size()));
    }
    value = transpose(reshape(value, map.axis, digits), map.axis, map.joint.order);
    value = reshape(value, map.axis, parts);
    for (std::uint32_t i = 0; i < map.index.size(); ++i) {
      value = gather(value, map.index[i], map.axis + i);
    }
    value = transpose(reshape(value, map.axis, arranged), map.axis, back);
    return reshape(value, map.axis, plain);
  }

  onnx::GraphProto& graph_;
  int names_ = 0;
};

// What Identity can pass on.
bool can_pass(const onnx::TypeProto& type) {
  return type.has_tensor_type() ||
         (type.has_sequence_type() && type.sequence_type().elem_type().has_tensor_type()) ||
         type.has_optional_type();
}

std::set<std::string> initializers_of(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const auto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) names.insert(tensor.values().name());
  return names;
}

Result<std::string> make_graph(const onnx::ModelProto& model, Carrier side,
                               const std::vector<onnx::ValueInfoProto>& values,
                               const std::vector<ClientMap>& maps) {
  const bool enters = side == Carrier::kInput;
  onnx::ModelProto out;
  onnx::GraphProto& graph = *out.mutable_graph();
  graph.set_name(enters ? "scramble" : "unscramble");
  ClientGraph nodes(graph);
  std::set<std::string> names;
  int opset = kOldestOpset;
  for (const auto& import : model.opset_import()) {
    const bool standard = import.domain().empty() || import.domain() == "ai.onnx";
    if (standard) opset = std::max(opset, static_cast<int>(import.version()));
  }
  for (const onnx::ValueInfoProto& value : values) {
    const std::string &plain = value.name(), scrambled = plain + ".scrambled";
    if (!names.insert(plain).second || !names.insert(scrambled).second) {
      return fail(ErrorKind::kState, "the model has two values called " + in_quotes(scrambled),
                  "rename one of its inputs or outputs");
    }
    std::vector<const ClientMap*> own;
    for (const ClientMap& map : maps) {
      if (map.carrier == side && map.value == plain) own.push_back(&map);
    }
    if (!value.type().has_tensor_type()) opset = std::max(opset, kOptionalOpset);
    *graph.add_input() = value;
    *graph.add_output() = value;
    (enters ? graph.mutable_output() : graph.mutable_input())->rbegin()->set_name(scrambled);
    nodes.pass(enters ? plain : scrambled, enters ? scrambled : plain,
               value.type().tensor_type().elem_type(), own);
  }
  out.set_ir_version(std::max<std::int64_t>(kOldestIr, model.ir_version()));
  out.set_producer_name("permcrypt");
  onnx::OperatorSetIdProto& import = *out.add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  return out.SerializeAsString();
}

}  // namespace

std::vector<onnx::ValueInfoProto> data_inputs(const onnx::ModelProto& model,
                                              std::string_view key_input) {
  const std::set<std::string> initializers = initializers_of(model.graph());
  std::vector<onnx::ValueInfoProto> out;
  for (const auto& value : model.graph().input()) {
    if (!initializers.contains(value.name()) && value.name() != key_input) out.push_back(value);
  }
  return out;
}

Result<ClientGraphs> make_client_graphs(const onnx::ModelProto& model, std::string_view key_input,
                                        const std::vector<ClientMap>& maps) {
  std::vector<onnx::ValueInfoProto> inputs, outputs;
  for (const auto& value : data_inputs(model, key_input)) {
    if (can_pass(value.type())) inputs.push_back(value);
  }
  for (const auto& value : model.graph().output()) {
    if (can_pass(value.type())) outputs.push_back(value);
  }
  auto in = make_graph(model, Carrier::kInput, inputs, maps);
  if (!in) return fail(in.error());
  auto out = make_graph(model, Carrier::kOutput, outputs, maps);
  if (!out) return fail(out.error());
  return ClientGraphs{*std::move(in), *std::move(out)};
}

}  // namespace permcrypt
