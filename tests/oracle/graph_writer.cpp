#include "oracle/graph_writer.h"

#include <cstring>

namespace permcrypt::testing {
namespace {

using T = onnx::TensorProto;

onnx::TensorProto tensor_of(const Ints& shape, std::int32_t type) {
  onnx::TensorProto out;
  out.set_data_type(type);
  for (const std::int64_t n : shape) out.add_dims(n);
  return out;
}

template <class Element>
std::string raw_bytes(const std::vector<Element>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Element)};
}

std::int64_t count(const Ints& shape) {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

}  // namespace

std::int64_t Value::elements() const {
  std::int64_t n = 1;
  for (const Dim& dim : dims) n *= dim.n;
  return n;
}

bool Value::is_static() const {
  for (const Dim& dim : dims) {
    if (dim.dynamic) return false;
  }
  return true;
}

double GraphWriter::normal() { return 2 * (uniform() + uniform() + uniform() - 1.5); }

// ---------------------------------------------------------------------------- constants

std::string GraphWriter::constant(onnx::TensorProto tensor) {
  const std::string name = fresh("c");
  if (chance(15)) {
    auto& node = *graph().add_node();
    node.set_op_type("Constant");
    node.add_output(name);
    onnx::AttributeProto& value = *node.add_attribute();
    value.set_name("value");
    value.set_type(onnx::AttributeProto::TENSOR);
    *value.mutable_t() = std::move(tensor);
  } else {
    tensor.set_name(name);
    *graph().add_initializer() = std::move(tensor);
  }
  return name;
}

std::string GraphWriter::reals(const Ints& shape, const std::vector<float>& values) {
  auto tensor = tensor_of(shape, T::FLOAT);
  if (chance(15)) {
    for (const float v : values) tensor.add_float_data(v);
  } else {
    tensor.set_raw_data(raw_bytes(values));
  }
  return constant(std::move(tensor));
}

std::string GraphWriter::ints(const Ints& shape, const Ints& values) {
  for (const Integers& known : integers_) {
    if (known.shape == shape && known.values == values && chance(40)) return known.name;
  }
  auto tensor = tensor_of(shape, T::INT64);
  if (chance(15)) {
    for (const std::int64_t v : values) tensor.add_int64_data(v);
  } else {
    tensor.set_raw_data(raw_bytes(values));
  }
  const std::string name = constant(std::move(tensor));
  if (bodies_.empty()) integers_.push_back({name, shape, values});
  return name;
}

std::string GraphWriter::ints(const Ints& values) {
  return ints({static_cast<std::int64_t>(values.size())}, values);
}

std::string GraphWriter::bytes(const Ints& shape, std::int32_t type, const std::string& raw) {
  auto tensor = tensor_of(shape, type);
  tensor.set_raw_data(raw);
  return constant(std::move(tensor));
}

// An earlier weight, as it is or from the other side, or "".
std::string GraphWriter::earlier_weight(const Ints& shape) {
  const Ints flipped(shape.rbegin(), shape.rend());
  for (const Weight& w : weights_) {
    if (w.shape == shape) return w.name;
    if (shape.size() == 2 && w.shape == flipped) return node("Transpose", {w.name});
  }
  return "";
}

// The elements of an earlier weight, once more or from the other side: exporters copy tied
// matrices.
std::vector<float> GraphWriter::copied_elements(const Ints& shape) {
  const Ints flipped(shape.rbegin(), shape.rend());
  for (const Weight& w : weights_) {
    if (w.shape == shape) return w.elements;
    if (shape.size() != 2 || w.shape != flipped) continue;
    const auto rows = static_cast<std::size_t>(shape[0]), columns = w.elements.size() / rows;
    std::vector<float> out(w.elements.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = w.elements[(i % columns) * rows + i / columns];
    }
    return out;
  }
  return {};
}

// Part of a larger constant, or of another shape.
std::string GraphWriter::derived_weight(const Ints& shape, double scale) {
  if (chance(50)) return node("Reshape", {weight({count(shape)}, scale), ints(shape)});
  Ints larger = shape;
  const int axis = pick(static_cast<int>(shape.size()));
  const std::int64_t begin = pick(3), n = shape[static_cast<std::size_t>(axis)];
  larger[static_cast<std::size_t>(axis)] += begin + pick(3);
  return node("Slice", {weight(larger, scale), ints({begin}), ints({begin + n}), ints({axis})});
}

std::string GraphWriter::weight(const Ints& shape, double scale) {
  const bool copy = chance(10), half = chance(8);
  if (chance(20)) {
    if (const std::string name = earlier_weight(shape); !name.empty()) return name;
  }
  if (shape.size() > 1 && chance(8)) return derived_weight(shape, scale);
  std::vector<float> values(static_cast<std::size_t>(count(shape)));
  for (float& v : values) v = static_cast<float>(scale * normal());
  if (half) {
    std::vector<std::uint16_t> bits;  // bfloat16 is the upper half of a float
    for (const float v : values) {
      std::uint32_t word;
      static_assert(sizeof word == sizeof v);
      std::memcpy(&word, &v, sizeof word);
      bits.push_back(static_cast<std::uint16_t>(word >> 16));
    }
    return node("Cast", {bytes(shape, T::BFLOAT16, raw_bytes(bits))}, {attr("to", int{T::FLOAT})});
  }
  if (copy) {
    if (auto elements = copied_elements(shape); !elements.empty()) values = std::move(elements);
  }
  const std::string name = reals(shape, values);
  if (bodies_.empty()) weights_.push_back({name, shape, values});
  return name;
}

// ---------------------------------------------------------------------------- nodes

std::vector<std::string> GraphWriter::nodes(const std::string& op,
                                            const std::vector<std::string>& inputs, int outputs,
                                            const Attrs& attrs) {
  auto& node = *graph().add_node();
  const std::size_t dot = op.rfind('.');
  node.set_op_type(dot == std::string::npos ? op : op.substr(dot + 1));
  if (dot != std::string::npos) node.set_domain(op.substr(0, dot));
  for (const std::string& name : inputs) node.add_input(name);
  for (int i = 0; i < outputs; ++i) node.add_output(fresh("v"));
  for (const auto& a : attrs) *node.add_attribute() = a;
  return {node.output().begin(), node.output().end()};
}

std::string GraphWriter::node(const std::string& op, const std::vector<std::string>& inputs,
                              const Attrs& attrs) {
  return nodes(op, inputs, 1, attrs)[0];
}

Value GraphWriter::transpose(const Value& x, const Ints& order) {
  Value out{node("Transpose", {x.name}, {attr("perm", order)}), {}};
  for (const std::int64_t k : order) out.dims.push_back(x.dims[static_cast<std::size_t>(k)]);
  return out;
}

// The target shape: literal where all is static, with 0 and -1 at times; else with the dynamic
// extent as 0 or -1 where that says it, or computed from Shape.
std::string GraphWriter::shape_text(const Value& x, const std::vector<Dim>& dims,
                                    const std::vector<int>& sources) {
  Ints shape;
  int open = 0;  // extents that a literal cannot state
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool kept = i < x.dims.size() && x.dims[i] == dims[i] &&
                      (!dims[i].dynamic || sources[i] == static_cast<int>(i));
    shape.push_back(kept && chance(40) ? 0 : dims[i].dynamic ? -1 : dims[i].n);
    open += shape.back() == -1;
  }
  if (open == 0 && !dims.empty() && chance(30)) {
    shape[static_cast<std::size_t>(pick(static_cast<int>(dims.size())))] = -1;
  }
  if (open < 2 && (open == 0 || chance(60))) return ints(shape);
  const std::string own = node("Shape", {x.name});
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (!dims[i].dynamic) {
      parts.push_back(ints({dims[i].n}));
      continue;
    }
    const auto source = static_cast<std::size_t>(sources[i]);
    std::string part = node("Gather", {own, ints({sources[i]})}, {attr("axis", 0)});
    const std::int64_t factor = dims[i].n / x.dims[source].n;
    if (factor > 1) part = node("Mul", {part, ints({factor})});
    parts.push_back(part);
  }
  return node("Concat", parts, {attr("axis", 0)});
}

Value GraphWriter::reshape(const Value& x, const std::vector<Dim>& dims,
                           const std::vector<int>& sources) {
  return {node("Reshape", {x.name, shape_text(x, dims, sources)}), dims};
}

Value GraphWriter::reshape(const Value& x, const Ints& shape) {
  std::vector<Dim> dims;
  for (const std::int64_t n : shape) dims.push_back({n});
  return reshape(x, dims, std::vector<int>(dims.size(), -1));
}

// ---------------------------------------------------------------------------- graphs

void GraphWriter::begin_body() { bodies_.emplace_back(); }

onnx::GraphProto GraphWriter::end_body(const std::string& output) {
  onnx::GraphProto body = std::move(bodies_.back());
  bodies_.pop_back();
  body.set_name(fresh("body"));
  body.add_output()->set_name(output);
  return body;
}

std::string GraphWriter::input(const std::string& name, std::int32_t type,
                               const std::vector<Dim>& dims) {
  auto& info = *graph().add_input();
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const Dim& dim : dims) {
    auto& d = *tensor.mutable_shape()->add_dim();
    if (dim.dynamic) {
      d.set_dim_param(std::string(1, dim.dynamic));
    } else {
      d.set_dim_value(dim.n);
    }
  }
  return name;
}

}  // namespace permcrypt::testing
