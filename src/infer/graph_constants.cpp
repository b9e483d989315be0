// What a body is defined with: its constants, declared shapes, and names.
#include <algorithm>
#include <utility>

#include "infer/graph_builder.h"
#include "infer/sparse_constant.h"

namespace permcrypt {

ValueId GraphBuilder::add_value(const std::string& name, const Scope& scope) {
  GraphValue& value = graph_.values.emplace_back();
  value.name = TextRef(name);
  value.scope = scope.prefix;
  return static_cast<ValueId>(graph_.values.size() - 1);
}

Result<ValueId> GraphBuilder::define(const std::string& name, Scope& scope) {
  const ValueId id = add_value(name, scope);
  if (!scope.names.emplace(name, id).second) {
    return fail(ErrorKind::kInput, "the name '" + name + "' is defined twice");
  }
  return id;
}

// Nothing when no scope has the name; kNone for a function input that the call leaves out.
std::optional<ValueId> GraphBuilder::lookup(const std::string& name, const Scope& scope) {
  for (const Scope* s = &scope; s; s = s->outer) {
    if (const auto it = s->names.find(name); it != s->names.end()) return it->second;
  }
  return std::nullopt;
}

// One value per tensor of the file: a constant in a function body is shared by all its calls.
ValueId GraphBuilder::constant(TensorId tensor, const Scope& scope) {
  ValueId& id = constants_[tensor];
  if (id == kNone) {
    id = add_value(model_.tensors[tensor].name, scope);
    GraphValue& value = graph_.values.back();
    value.tensor = tensor;
    value.elem_type = model_.tensors[tensor].type;
    value.scope = TextRef(model_.tensors[tensor].scope);
  }
  return id;
}

void GraphBuilder::declare(const onnx::ValueInfoProto& info, const Scope& scope) {
  const auto it = scope.names.find(info.name());
  if (it == scope.names.end() || !info.type().has_tensor_type()) return;
  GraphValue& value = graph_.values[it->second];
  const auto& type = info.type().tensor_type();
  if (value.is_constant()) return;
  value.elem_type = type.elem_type();
  if (!type.has_shape()) return;
  std::vector<DeclaredDim>& shape = graph_.kept->shapes.emplace_back();
  shape.reserve(static_cast<std::size_t>(type.shape().dim_size()));
  for (const auto& d : type.shape().dim()) {
    // Some exporters write 0 or -1 for a dynamic dimension.
    const bool is_static = d.has_dim_value() && d.dim_value() > 0;
    shape.push_back(is_static ? DeclaredDim{d.dim_value(), ""} : DeclaredDim{-1, d.dim_param()});
  }
  value.declared = &shape;
}

Result<void> GraphBuilder::define_constants(const onnx::GraphProto& g, Scope& scope) {
  for (const auto& t : g.initializer()) {
    const ValueId id = constant(tensor_id(t), scope);
    if (!scope.names.emplace(t.name(), id).second) {
      return fail(ErrorKind::kInput, "the initializer '" + t.name() + "' is defined twice");
    }
  }
  for (const auto& t : g.sparse_initializer()) {
    const auto id = sparse_constant(t, scope);
    if (!id) return tl::unexpected(id.error());
    if (auto done = name_constant(t.values().name(), *id, scope); !done) return done;
  }
  return {};
}

Result<void> GraphBuilder::name_constant(const std::string& name, ValueId id, Scope& scope) {
  if (scope.names.emplace(name, id).second) return {};
  return fail(ErrorKind::kInput, "the name '" + name + "' is defined twice");
}

// One value for each, as for other constants.
Result<ValueId> GraphBuilder::sparse_constant(const onnx::SparseTensorProto& proto,
                                              const Scope& scope) {
  const TensorId values = proto.has_values() ? tensor_id(proto.values()) : kNone;
  const auto found = std::ranges::lower_bound(model_.sparse, values, {}, &SparseTensor::values);
  if (found == model_.sparse.end() || found->values != values) {
    return fail(ErrorKind::kInput, "a sparse tensor has no values");
  }
  if (constants_[values] != kNone) return constants_[values];
  auto constant = check_sparse(model_, *found, payloads_);
  if (!constant) return tl::unexpected(constant.error());
  const Tensor& tensor = model_.tensors[values];
  const ValueId id = constants_[values] = add_value(tensor.name, scope);
  GraphValue& value = graph_.values.back();
  value.sparse = &graph_.kept->sparse.emplace_back(*std::move(constant));
  value.scope = TextRef(tensor.scope);
  value.elem_type = tensor.type;
  std::vector<DeclaredDim>& shape = graph_.kept->shapes.emplace_back();
  for (const std::int64_t n : found->shape) shape.push_back({n, ""});
  value.declared = &shape;
  return id;
}

}  // namespace permcrypt
