// Tensors and models with their axes renumbered.
#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "apply/gather.h"
#include "infer/analysed.h"
#include "plan/axis_mapping.h"
#include "verify/tensor_pb.h"

namespace permcrypt::testing {
namespace {

template <class Value>
Value checked(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

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

// The map of a dynamic axis at the extent that it really has: inference knows but one binding.
// Where the dynamic dimension is in several parts, all of them are multiples of one unknown extent.
class DynamicMap {
 public:
  DynamicMap(AxisStore& axes, ExprId axis, const std::map<ExprId, std::uint32_t>& group_of)
      : axes_(axes), axis_(axes.resolve(axis)), group_of_(group_of) {
    for (const ExprId f : axes.factors(axis)) {
      if (axes.is_dynamic(f)) unit_ = std::gcd(unit_, axes.size(f));
    }
  }

  AxisMap at(std::uint64_t extent) {
    const std::uint64_t fixed = map(axis_, 0).extent, slope = map(axis_, 1).extent - fixed;
    if (slope == 0 || extent < fixed || (extent - fixed) % slope != 0) {
      throw std::runtime_error("an axis has not the parts that inference says");
    }
    return map(axis_, (extent - fixed) / slope);
  }

 private:
  // With `n` in place of the unknown extent.
  AxisMap map(ExprId axis, std::uint64_t n) {
    if (axes_.kind(axis) == AxisStore::Kind::kFactor) {
      AxisMap out = map_axis(axes_, axis, group_of_);
      if (axes_.is_dynamic(axis)) {
        out.extent = static_cast<std::uint64_t>(axes_.size(axis) / unit_) * n;
      }
      return out;
    }
    const bool product = axes_.kind(axis) == AxisStore::Kind::kProduct;
    AxisMap out{
        product ? AxisMap::Kind::kProduct : AxisMap::Kind::kSum, product ? 1U : 0U, kNone, {}};
    const auto span = axes_.parts(axis);
    for (const ExprId part : std::vector<ExprId>(span.begin(), span.end())) {
      out.parts.push_back(map(axes_.resolve(part), n));
      out.extent =
          product ? out.extent * out.parts.back().extent : out.extent + out.parts.back().extent;
    }
    return out;
  }

  AxisStore& axes_;
  ExprId axis_;
  const std::map<ExprId, std::uint32_t>& group_of_;
  std::int64_t unit_ = 0;
};

}  // namespace

// All places of a value along one axis.
void Analysed::renumber_fibres(const ValueFacts& facts, const Groups& group_of,
                               const std::vector<Permutation>& groups, PayloadMove& move,
                               std::vector<Permutation>& orders) {
  std::vector<ExprId> axes;
  std::uint64_t places = 1;
  for (std::size_t k = 0; k < facts.axes.size(); ++k) {
    axes.push_back(facts.axes[k].expr);
    places *= move.view.shape[k];
  }
  const AxisMap map = map_axis(inference_.axes, inference_.axes.product(axes), group_of, parents_);
  move.view.shape = {places};
  move.view.row_stride = places;
  move.axes = {static_cast<std::uint32_t>(orders.size())};
  orders.push_back(axis_permutation(map, groups));
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
    const ExprId axis = facts.axes[k].expr;
    const AxisMap map = facts.axes[k].dynamic()
                            ? DynamicMap(inference_.axes, axis, group_of).at(move.view.shape[k])
                            : map_of(axis);
    if (map.extent != move.view.shape[k]) {
      throw std::runtime_error(tensor.name + " has another shape than inference says");
    }
    move.axes.push_back(static_cast<std::uint32_t>(orders.size()));
    if (parents_.empty()) orders.push_back(axis_permutation(map, groups));
  }
  if (facts.coordinates != kNone) {
    move.values = static_cast<std::uint32_t>(orders.size());
    orders.push_back(axis_permutation(map_of(facts.coordinates), groups).inverse());
  }
  if (!parents_.empty()) renumber_fibres(facts, group_of, groups, move, orders);
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
