// Writes a random graph node by node: keeps names, shapes and constants, and draws the choices.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace permcrypt::testing {

using Ints = std::vector<std::int64_t>;

// An axis of a value. A dynamic one has another extent in every sample, of which this is the first.
struct Dim {
  std::int64_t n = 1;
  char dynamic = 0;  // which dynamic dimension is in it, by its name; 0: none
  bool operator==(const Dim&) const = default;
};

// A tensor of floats.
struct Value {
  std::string name;
  std::vector<Dim> dims;
  int rank() const { return static_cast<int>(dims.size()); }
  std::int64_t elements() const;
  bool is_static() const;
};

template <class T>
onnx::AttributeProto attr(const char* name, const T& value) {
  onnx::AttributeProto out;
  out.set_name(name);
  if constexpr (std::is_integral_v<T>) {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    out.set_type(onnx::AttributeProto::FLOAT);
    out.set_f(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, Ints>) {
    out.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t i : value) out.add_ints(i);
  } else if constexpr (std::is_same_v<T, onnx::GraphProto>) {
    out.set_type(onnx::AttributeProto::GRAPH);
    *out.mutable_g() = value;
  } else {
    out.set_type(onnx::AttributeProto::STRING);
    out.set_s(value);
  }
  return out;
}
using Attrs = std::vector<onnx::AttributeProto>;

class GraphWriter {
 public:
  explicit GraphWriter(int opset) : opset_(opset) {}

  // Choices, the same on every machine. reseed() makes those that follow independent of those
  // before.
  void reseed(std::uint32_t seed) { random_.seed(seed); }
  int pick(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }
  bool chance(int percent) { return pick(100) < percent; }
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(pick(static_cast<int>(choices.size())))];
  }
  double uniform() { return static_cast<double>(random_()) / 4294967296.0; }
  double normal();  // about N(0,1)

  // Constants. A weight is an initializer, a Constant node, half precision behind a Cast, a part of
  // another, an earlier weight of the same or the transposed shape, or a copy of one. Integers may
  // be those that something else uses already.
  std::string weight(const Ints& shape, double scale = 1);
  std::string reals(const Ints& shape, const std::vector<float>& values);
  std::string ints(const Ints& values);
  std::string ints(const Ints& shape, const Ints& values);
  std::string scalar(float value) { return reals({}, {value}); }
  std::string bytes(const Ints& shape, std::int32_t type, const std::string& raw);

  // Nodes. A name of an operand may be "".
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const Attrs& attrs = {});
  std::vector<std::string> nodes(const std::string& op, const std::vector<std::string>& inputs,
                                 int outputs, const Attrs& attrs = {});
  Value same(const std::string& op, const Value& x, const Attrs& attrs = {}) {
    return {node(op, {x.name}, attrs), x.dims};
  }
  // To `dims`, which number the same elements; `sources[i]` is the axis of x whose dynamic extent
  // dims[i] holds, or -1. Written in any of the ways that exporters write it.
  Value reshape(const Value& x, const std::vector<Dim>& dims, const std::vector<int>& sources);
  Value reshape(const Value& x, const Ints& shape);  // of static values
  Value transpose(const Value& x, const Ints& order);

  // What is written between the two goes into a body of its own.
  void begin_body();
  onnx::GraphProto end_body(const std::string& output);

  std::string input(const std::string& name, std::int32_t type, const std::vector<Dim>& dims);

  std::vector<Value> values;  // that later steps may use
  int opset() const { return opset_; }
  onnx::GraphProto& graph() { return bodies_.empty() ? graph_ : bodies_.back(); }

 private:
  std::string fresh(const char* stem) { return stem + std::to_string(next_++); }
  std::string constant(onnx::TensorProto tensor);
  std::string shape_text(const Value& x, const std::vector<Dim>& dims,
                         const std::vector<int>& sources);

  std::string earlier_weight(const Ints& shape);
  std::vector<float> copied_elements(const Ints& shape);
  std::string derived_weight(const Ints& shape, double scale);

  struct Weight {
    std::string name;
    Ints shape;
    std::vector<float> elements;
  };
  struct Integers {
    std::string name;
    Ints shape, values;
  };

  int opset_;
  std::mt19937 random_;
  int next_ = 0;
  onnx::GraphProto graph_;
  std::vector<onnx::GraphProto> bodies_;
  // Of the main graph, to be used again.
  std::vector<Weight> weights_;
  std::vector<Integers> integers_;
};

}  // namespace permcrypt::testing
