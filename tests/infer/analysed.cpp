#include "infer/analysed.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <random>
#include <stdexcept>

#include "apply/gather.h"
#include "base/temp_folder.h"
#include "plan/axis_mapping.h"
#include "verify/tensor_pb.h"

namespace permcrypt::testing {
namespace {

template <class Value>
Value checked(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

bool is_factor(const AxisStore& axes, ExprId e) { return axes.kind(e) == AxisStore::Kind::kFactor; }

ElementView view_of(const TensorData& tensor) {
  ElementView view;
  view.bits = static_cast<std::uint32_t>(element_bits(tensor.type));
  view.shape.assign(tensor.shape.begin(), tensor.shape.end());
  view.row_stride = view.shape.empty() ? 1 : view.shape.back();
  return view;
}

ElementView view_of(const PayloadView& packed) {
  ElementView view;
  view.bits = static_cast<std::uint32_t>(packed.bits);
  view.shape.assign(packed.shape.begin(), packed.shape.end());
  view.row_stride = static_cast<std::uint64_t>(packed.row_stride);
  return view;
}

// The map of a dynamic axis, whose extent is only one binding, at the extent that it really has.
// The part that the dynamic dimension is in is by far the largest.
AxisMap with_extent(AxisMap map, std::uint64_t extent) {
  if (map.extent == extent) return map;
  if (map.kind == AxisMap::Kind::kGroup) throw std::runtime_error("a dynamic axis moves");
  const bool product = map.kind == AxisMap::Kind::kProduct;
  if (product || map.kind == AxisMap::Kind::kSum) {
    AxisMap& largest = *std::ranges::max_element(map.parts, {}, &AxisMap::extent);
    const std::uint64_t others =
        product ? map.extent / largest.extent : map.extent - largest.extent;
    if (product ? extent % others != 0 : extent < others) {
      throw std::runtime_error("an axis has not the parts that inference says");
    }
    largest = with_extent(std::move(largest), product ? extent / others : extent - others);
  }
  map.extent = extent;
  return map;
}

}  // namespace

Analysed::Analysed(OneNode one) : one_(std::move(one)) {
  const test::TempFolder folder;
  model_ = checked(read_model(folder.write("model.onnx", one_.model.SerializeAsString())));
  payloads_ = std::make_unique<PayloadReader>(model_);
  graph_ = checked(build_graph(model_, *payloads_));
  InferOptions options;
  options.free_interface = true;
  options.opaque_caches = false;
  inference_ = checked(infer(graph_, options));
}

ValueId Analysed::value(std::string_view name) const {
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    if (graph_.values[id].name == name) return id;
  }
  throw std::runtime_error("no value " + std::string(name));
}

std::string Analysed::axis_text(ExprId axis, bool within_product) {
  AxisStore& axes = inference_.axes;
  axis = axes.resolve(axis);
  if (is_factor(axes, axis)) {
    if (axes.size(axis) == 1) return "1";
    if (!axes.is_free(axis)) return "!" + std::to_string(axes.size(axis));
    const std::size_t n = letters_.size();
    const auto next = static_cast<char>('a' + n % 26) + (n < 26 ? "" : std::to_string(n / 26));
    return letters_.emplace(axis, next).first->second;
  }
  const bool product = axes.kind(axis) == AxisStore::Kind::kProduct;
  const auto span = axes.parts(axis);
  const std::vector<ExprId> parts(span.begin(), span.end());
  std::string text;
  for (const ExprId part : parts) {
    if (!text.empty()) text += product ? "*" : "+";
    text += axis_text(part, product);
  }
  return within_product && !product ? "(" + text + ")" : text;
}

std::string Analysed::value_text(ValueId id) {
  const ValueFacts& facts = inference_.values[id];
  std::string text = graph_.values[id].name + "[";
  for (const Axis& axis : facts.axes) {
    if (text.back() != '[') text += ",";
    text += axis.dynamic() ? "?" : axis_text(axis.expr, false);
  }
  text += facts.known ? "]" : "..]";
  if (facts.coordinates != kNone) text += "=" + axis_text(facts.coordinates, false);
  return text;
}

// Those of the node, then what its bodies can see of the main graph.
std::vector<ValueId> Analysed::operands() const {
  std::vector<ValueId> out;
  std::ranges::copy_if(node().inputs, std::back_inserter(out),
                       [](ValueId v) { return v != kNone; });
  if (node().subs.empty()) return out;
  const auto& inputs = graph_.bodies[0].inputs;
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const bool outermost = graph_.values[id].scope.empty() && graph_.values[id].tensor != kNone;
    const bool given = outermost || std::ranges::find(inputs, id) != inputs.end();
    if (given && std::ranges::find(out, id) == out.end()) out.push_back(id);
  }
  return out;
}

std::string Analysed::structure() {
  std::string text;
  for (const ValueId id : operands()) text += value_text(id) + " ";
  text += "->";
  for (const ValueId id : node().outputs) {
    if (id != kNone) text += " " + value_text(id);
  }
  for (const auto& [why, count] : inference_.gave_up) text += " gave up: " + why;
  return text;
}

std::set<std::string> Analysed::reasons() {
  std::set<std::string> out;
  AxisStore& axes = inference_.axes;
  std::vector<ValueId> values = operands();
  std::ranges::copy_if(node().outputs, std::back_inserter(values),
                       [](ValueId v) { return v != kNone; });
  for (const ValueId id : values) {
    for (const Axis& axis : inference_.values[id].axes) {
      for (const ExprId f : axes.factors(axis.expr)) {
        if (axes.size(f) > 1 && !axes.is_free(f)) out.insert(axes.why(f));
      }
    }
  }
  return out;
}

std::string Analysed::partition() {
  std::map<std::string, ValueId> constants;
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const GraphValue& value = graph_.values[id];
    if (value.tensor != kNone) constants.emplace(value.scope + value.name, id);
  }
  AxisStore& axes = inference_.axes;
  std::map<ExprId, std::uint32_t> group_of;
  const auto text_of = [&](ExprId axis) {
    for (const ExprId f : axes.factors(axis)) {
      if (axes.is_free(f)) group_of.try_emplace(f, static_cast<std::uint32_t>(group_of.size()));
    }
    return " " + to_string(map_axis(axes, axis, group_of));
  };
  std::string text;
  for (const auto& [name, id] : constants) {
    const ValueFacts& facts = inference_.values[id];
    text += name + ":";
    for (const Axis& axis : facts.axes) text += text_of(axis.expr);
    if (facts.coordinates != kNone) text += " at" + text_of(facts.coordinates);
    text += "\n";
  }
  return text;
}

std::map<ExprId, Permutation> Analysed::random_permutations(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::map<ExprId, Permutation> out;
  AxisStore& axes = inference_.axes;
  const auto add = [&](ExprId axis) {
    for (const ExprId f : axes.factors(axis)) {
      if (!axes.is_free(f) || out.contains(f)) continue;
      std::vector<std::uint32_t> order(static_cast<std::size_t>(axes.size(f)));
      std::iota(order.begin(), order.end(), 0U);
      std::shuffle(order.begin(), order.end(), random);
      if (std::ranges::is_sorted(order))
        std::ranges::rotate(order, order.begin() + order.size() / 2);
      out.emplace(f, Permutation(std::move(order)));
    }
  };
  for (const ValueFacts& facts : inference_.values) {
    for (const Axis& axis : facts.axes) add(axis.expr);
    if (facts.coordinates != kNone) add(facts.coordinates);
  }
  return out;
}

TensorData Analysed::permuted(TensorData tensor,
                              const std::map<ExprId, Permutation>& permutations) {
  const ValueId id = value(tensor.name);
  return permuted(id, std::move(tensor), permutations);
}

TensorData Analysed::permuted(ValueId id, TensorData tensor,
                              const std::map<ExprId, Permutation>& permutations) {
  const ValueFacts& facts = inference_.values[id];
  if (tensor.shape.empty() || !facts.known) return tensor;
  std::map<ExprId, std::uint32_t> group_of;
  std::vector<Permutation> groups;
  for (const auto& [factor, permutation] : permutations) {
    group_of[factor] = static_cast<std::uint32_t>(groups.size());
    groups.push_back(permutation);
  }
  const auto map_of = [&](ExprId axis) { return map_axis(inference_.axes, axis, group_of); };
  const auto packed = inference_.views.find(id);
  PayloadMove move{tensor.name, 0, tensor.bytes.size(), view_of(tensor), {}, kNone};
  if (packed != inference_.views.end()) move.view = view_of(packed->second);
  if (facts.axes.size() != move.view.shape.size()) {
    throw std::runtime_error(tensor.name + " has another rank than inference says");
  }
  std::vector<Permutation> orders;
  for (std::size_t k = 0; k < facts.axes.size(); ++k) {
    AxisMap map = map_of(facts.axes[k].expr);
    if (facts.axes[k].dynamic()) map = with_extent(std::move(map), move.view.shape[k]);
    if (map.extent != move.view.shape[k]) {
      throw std::runtime_error(tensor.name + " has another shape than inference says");
    }
    move.axes.push_back(static_cast<std::uint32_t>(orders.size()));
    orders.push_back(axis_permutation(map, groups));
  }
  if (facts.coordinates != kNone) {
    move.values = static_cast<std::uint32_t>(orders.size());
    orders.push_back(axis_permutation(map_of(facts.coordinates), groups).inverse());
  }
  const Gather gather = checked(Gather::prepare(move, orders));
  std::string bytes(tensor.bytes.size(), '\0');
  if (const auto done = gather.render(tensor.bytes, 0, bytes.size(), bytes.data()); !done) {
    throw std::runtime_error(done.error().message);
  }
  tensor.bytes = std::move(bytes);
  return tensor;
}

void Analysed::permute_constant(onnx::TensorProto& proto, const std::string& name,
                                const std::string& scope,
                                const std::map<ExprId, Permutation>& permutations) {
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const GraphValue& value = graph_.values[id];
    if (value.tensor == kNone || value.name != name || value.scope != scope) continue;
    auto tensor = decode_tensor_pb(proto.SerializeAsString());
    if (!tensor) continue;  // strings, which nothing moves
    tensor->name = name;
    const std::string bytes = permuted(id, *std::move(tensor), permutations).bytes;
    for (auto clear : {&onnx::TensorProto::clear_float_data, &onnx::TensorProto::clear_double_data,
                       &onnx::TensorProto::clear_int32_data, &onnx::TensorProto::clear_int64_data,
                       &onnx::TensorProto::clear_uint64_data}) {
      (proto.*clear)();
    }
    proto.set_raw_data(bytes);
  }
}

void Analysed::permute_graph(onnx::GraphProto& graph, const std::string& scope,
                             const std::map<ExprId, Permutation>& permutations) {
  for (auto& tensor : *graph.mutable_initializer()) {
    permute_constant(tensor, tensor.name(), scope, permutations);
  }
  for (auto& node : *graph.mutable_node()) {
    const std::string output = node.output_size() > 0 ? node.output(0) : "";
    for (auto& attribute : *node.mutable_attribute()) {
      if (node.op_type() == "Constant" && attribute.has_t()) {
        permute_constant(*attribute.mutable_t(), output, scope, permutations);
      } else if (attribute.has_g()) {
        permute_graph(*attribute.mutable_g(), scope + output + "." + attribute.name() + "/",
                      permutations);
      }
    }
  }
}

onnx::ModelProto Analysed::permuted_model(const std::map<ExprId, Permutation>& permutations) {
  onnx::ModelProto model = one_.model;
  permute_graph(*model.mutable_graph(), "", permutations);
  return model;
}

}  // namespace permcrypt::testing
