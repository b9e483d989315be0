#include <algorithm>
#include <map>
#include <set>

#include "permcrypt/infer.h"

namespace permcrypt {
namespace {

// How a present slot of a fused operator depends on its past slot.
struct StateSlot {
  std::string_view domain, op;
  std::size_t output, input;
};

constexpr StateSlot kStateSlots[] = {
    {"com.microsoft", "Attention", 1, 4},
    {"com.microsoft", "QAttention", 1, 8},
    {"com.microsoft", "MultiHeadAttention", 1, 6},
    {"com.microsoft", "MultiHeadAttention", 2, 7},
    {"com.microsoft", "DecoderMaskedMultiHeadAttention", 1, 5},
    {"com.microsoft", "DecoderMaskedMultiHeadAttention", 2, 6},
    {"com.microsoft", "GroupQueryAttention", 1, 3},
    {"com.microsoft", "GroupQueryAttention", 2, 4},
    {"", "Attention", 1, 4},
    {"", "Attention", 2, 5},
    {"com.microsoft", "LinearAttention", 1, 3},
    {"com.microsoft", "CausalConvWithState", 1, 3},
    {"", "LinearAttention", 1, 3},
    {"", "CausalConvWithState", 1, 3},
    {"", "LSTM", 1, 5},
    {"", "LSTM", 2, 6},
    {"", "GRU", 1, 5},
    {"", "RNN", 1, 5},
};

// Operators through which a state passes as it is, whatever they do to its layout.
bool is_layout(std::string_view op) {
  static const std::set<std::string_view> ops = {"Identity", "Cast",    "Transpose",
                                                 "Reshape",  "Squeeze", "Unsqueeze",
                                                 "Slice",    "Split",   "Gather"};
  return ops.contains(op);
}

// Walks from a graph output back to the graph inputs it continues.
class Tracer {
 public:
  explicit Tracer(const Graph& graph) : graph_(graph) {}

  // Inputs reached through at least one step that carries state.
  std::set<ValueId> pasts_of(ValueId present) {
    found_.clear();
    seen_.clear();
    stack_ = {{present, false}};
    while (!stack_.empty()) {
      const auto [value, carried] = stack_.back();
      stack_.pop_back();
      if (seen_.insert({value, carried}).second) visit(value, carried);
    }
    return found_;
  }

 private:
  void visit(ValueId value, bool carried) {
    const NodeId producer = graph_.values[value].producer;
    if (producer == kNone) {
      if (carried) found_.insert(value);
      return;
    }
    const GraphNode& node = graph_.nodes[producer];
    const auto slot = static_cast<std::size_t>(
        std::find(node.outputs.begin(), node.outputs.end(), value) - node.outputs.begin());
    for (const StateSlot& s : kStateSlots) {
      if (s.domain == node.domain && s.op == node.op && s.output == slot) push(node, s.input, true);
    }
    if (!node.domain.empty()) return;
    if (is_layout(node.op)) push(node, 0, carried);
    if (node.op.starts_with("Scatter") || node.op == "TensorScatter") push(node, 0, true);
    if (node.op == "Concat") {
      for (std::size_t k = 0; k < node.inputs.size(); ++k) push(node, k, true);
    }
    if (node.op == "If") {
      for (const auto& sub : node.subs) {
        const auto& outputs = graph_.bodies[sub.body].outputs;
        if (slot < outputs.size()) stack_.push_back({outputs[slot], true});
      }
    }
  }

  void push(const GraphNode& node, std::size_t k, bool carried) {
    if (k < node.inputs.size() && node.inputs[k] != kNone)
      stack_.push_back({node.inputs[k], carried});
  }

  const Graph& graph_;
  std::set<ValueId> found_;
  std::set<std::pair<ValueId, bool>> seen_;
  std::vector<std::pair<ValueId, bool>> stack_;
};

// A state is numbers of one type and rank on both sides.
bool fits(const GraphValue& past, const GraphValue& present) {
  using T = onnx::TensorProto;
  const bool real = past.elem_type == T::FLOAT || past.elem_type == T::FLOAT16 ||
                    past.elem_type == T::BFLOAT16 || past.elem_type == T::DOUBLE;
  if (!real || !past.declared || past.declared->size() < 2) return false;
  if (present.elem_type != 0 && present.elem_type != past.elem_type) return false;
  return !present.declared || present.declared->size() == past.declared->size();
}

}  // namespace

std::vector<CachePair> find_caches(const Graph& graph) {
  const GraphBody& main = graph.bodies[0];
  const std::set<ValueId> inputs(main.inputs.begin(), main.inputs.end());
  Tracer tracer(graph);
  std::map<ValueId, std::vector<ValueId>> presents;  // by past
  std::map<ValueId, std::vector<ValueId>> pasts;
  for (const ValueId present : main.outputs) {
    if (inputs.contains(present) || pasts.contains(present)) continue;
    for (const ValueId past : tracer.pasts_of(present)) {
      if (!inputs.contains(past) || !fits(graph.values[past], graph.values[present])) continue;
      presents[past].push_back(present);
      pasts[present].push_back(past);
    }
  }
  // One state, one pair: what continues several states, or is continued twice, is ordinary data.
  std::vector<CachePair> out;
  for (const auto& [past, list] : presents) {
    if (list.size() == 1 && pasts[list[0]].size() == 1) out.push_back({past, list[0]});
  }
  return out;
}

}  // namespace permcrypt
