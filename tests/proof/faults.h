// Faults to inject into a correct encryption, one at a time.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "proof/proof_sample.h"

namespace permcrypt::test {

class Faults {
 public:
  Faults(const ProofSample& sample, unsigned seed) : sample_(sample), random_(seed) {
    REQUIRE(model_.ParseFromString(read_all(sample.encrypted())));
  }

  using Fault = bool (Faults::*)(onnx::GraphProto&);

  // One fault of a kind; false when the draw came out without effect.
  bool inject(Fault fault, onnx::ModelProto& changed) {
    changed = model_;
    return (this->*fault)(*changed.mutable_graph());
  }

  bool swap_rows(onnx::GraphProto& graph) {
    onnx::TensorProto& tensor = weight(graph);
    std::string& bytes = *tensor.mutable_raw_data();
    const std::string before = bytes;
    const auto rows = static_cast<std::size_t>(tensor.dims(0));
    const std::size_t size = bytes.size() / rows, a = below(rows), b = below(rows);
    std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(a * size),
                     bytes.begin() + static_cast<std::ptrdiff_t>((a + 1) * size),
                     bytes.begin() + static_cast<std::ptrdiff_t>(b * size));
    return a != b && bytes != before;
  }

  bool flip_bit(onnx::GraphProto& graph) {
    std::string& bytes = *weight(graph).mutable_raw_data();
    char& byte = bytes[below(bytes.size())];
    byte = static_cast<char>(byte ^ (1 << below(8)));
    return true;
  }

  bool replace_tensor(onnx::GraphProto& graph) {
    onnx::TensorProto &a = weight(graph), &b = weight(graph);
    if (a.raw_data().size() != b.raw_data().size() || a.raw_data() == b.raw_data()) return false;
    a.set_raw_data(b.raw_data());
    return true;
  }

  // An operand becomes an earlier value of the graph. A Shape is spared: another value of the same
  // shape, as on the other side of a lock, is no fault.
  bool rewire(onnx::GraphProto& graph) {
    const int at = 1 + static_cast<int>(below(static_cast<std::size_t>(graph.node_size() - 1)));
    onnx::NodeProto& node = *graph.mutable_node(at);
    if (node.input_size() == 0 || node.op_type() == "Shape") return false;
    const onnx::NodeProto& other =
        graph.node(static_cast<int>(below(static_cast<std::size_t>(at))));
    std::string& input =
        *node.mutable_input(static_cast<int>(below(static_cast<std::size_t>(node.input_size()))));
    if (input.empty() || other.output_size() == 0 || input == other.output(0)) return false;
    input = other.output(0);
    return true;
  }

  bool change_attribute(onnx::GraphProto& graph) {
    onnx::NodeProto& node = any_node(graph);
    if (node.attribute_size() == 0) return false;
    onnx::AttributeProto& a = *node.mutable_attribute(
        static_cast<int>(below(static_cast<std::size_t>(node.attribute_size()))));
    if (a.has_i()) {
      a.set_i(a.i() + 1);
    } else if (a.has_f()) {
      a.set_f(a.f() * 2 + 1);
    } else if (a.ints_size() > 0) {
      a.set_ints(0, a.ints(0) + 1);
    } else {
      return false;
    }
    return true;
  }

  // The parts of the key go to other locks, or the lock to another axis.
  bool change_lock(onnx::GraphProto& graph) {
    std::vector<onnx::NodeProto*> locks;
    for (auto& node : *graph.mutable_node()) {
      if (node.op_type() == "Gather" && node.name().starts_with("permcrypt/"))
        locks.push_back(&node);
    }
    if (locks.empty()) return false;
    onnx::NodeProto &a = *locks[below(locks.size())], &b = *locks[below(locks.size())];
    if (&a == &b) {
      onnx::AttributeProto& axis = *a.mutable_attribute(0);
      axis.set_i(axis.i() + 1);
      return true;
    }
    const auto slot = [](const onnx::NodeProto& n) {
      return n.input(0).starts_with("permcrypt/key") ? 0 : 1;
    };
    std::swap(*a.mutable_input(slot(a)), *b.mutable_input(slot(b)));
    return true;
  }

  bool change_operator(onnx::GraphProto& graph) {
    onnx::NodeProto& node = any_node(graph);
    if (node.op_type() != "Add" && node.op_type() != "Mul") return false;
    node.set_op_type(node.op_type() == "Add" ? "Mul" : "Add");
    return true;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  onnx::NodeProto& any_node(onnx::GraphProto& graph) {
    return *graph.mutable_node(
        static_cast<int>(below(static_cast<std::size_t>(graph.node_size()))));
  }
  // With elements in raw bytes, and at least one axis.
  onnx::TensorProto& weight(onnx::GraphProto& graph) {
    for (;;) {
      auto& tensor = *graph.mutable_initializer(
          static_cast<int>(below(static_cast<std::size_t>(graph.initializer_size()))));
      if (tensor.dims_size() > 0 && !tensor.raw_data().empty()) return tensor;
    }
  }

  const ProofSample& sample_;
  std::mt19937 random_;
  onnx::ModelProto model_;
};

struct Kind {
  const char* name;
  Faults::Fault fault;
};

inline constexpr Kind kKinds[] = {
    {"two rows of a tensor swapped", &Faults::swap_rows}, {"a bit flipped", &Faults::flip_bit},
    {"a tensor replaced", &Faults::replace_tensor},       {"a node rewired", &Faults::rewire},
    {"an attribute changed", &Faults::change_attribute},  {"a lock changed", &Faults::change_lock},
    {"an operator changed", &Faults::change_operator},
};

}  // namespace permcrypt::test
