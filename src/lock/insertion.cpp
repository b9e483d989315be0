#include "lock/insertion.h"

#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace permcrypt {
namespace {

class Insertion {
 public:
  Insertion(const Graph& graph, std::vector<LockSite>& locks)
      : old_(graph), locks_(locks), seen_as_(graph.values.size()) {
    std::iota(seen_as_.begin(), seen_as_.end(), ValueId{0});
    copy_graph();
  }

  Graph run() {
    for (LockSite& lock : locks_) {
      if (is_on_value(lock)) chain(lock);
    }
    rename_readers();
    for (LockSite& lock : locks_) {
      if (is_on_operand(lock)) lock_index(lock);
    }
    for (LockSite& lock : locks_) {
      if (is_on_output(lock)) lock_output(lock);
    }
    for (ValueId& v : graph_.bodies[0].outputs) {
      if (const auto it = outputs_.find(v); it != outputs_.end()) v = it->second;
    }
    arrange();
    return std::move(graph_);
  }

 private:
  // With room for the locks: a list that grows by doubling would need three times its size.
  void copy_graph() {
    graph_.model = old_.model;
    graph_.payloads = old_.payloads;
    graph_.opset = old_.opset;
    graph_.bodies = old_.bodies;
    graph_.kept = old_.kept;
    graph_.values.reserve(old_.values.size() + locks_.size());
    graph_.values = old_.values;
    graph_.nodes.reserve(old_.nodes.size() + locks_.size());
    graph_.nodes = old_.nodes;
  }

  static bool is_on_output(const LockSite& lock) {
    return lock.kind == LockKind::kOutput || lock.carrier == Carrier::kOutput;
  }
  static bool is_on_operand(const LockSite& lock) {
    return lock.kind == LockKind::kIndex && lock.carrier == Carrier::kKey;
  }
  static bool is_on_value(const LockSite& lock) {
    return !is_on_output(lock) && !is_on_operand(lock);
  }

  static std::string operator_of(const LockSite& lock) {
    if (lock.kind != LockKind::kIndex) return "Lock";
    return lock.carrier == Carrier::kOutput ? "LabelLock" : "IndexLock";
  }

  // Locks of one kind on one axis have one.
  const onnx::NodeProto* proto_of(const LockSite& lock) {
    const std::uint32_t axis = lock.kind == LockKind::kIndex ? kNone : lock.axis;
    const auto [known, is_new] = protos_.try_emplace({operator_of(lock), axis}, nullptr);
    if (!is_new) return known->second;
    onnx::NodeProto& proto = graph_.kept->nodes.emplace_back();
    proto.set_domain("permcrypt");
    proto.set_op_type(operator_of(lock));
    if (axis != kNone) {
      auto* attribute = proto.add_attribute();
      attribute->set_name("axis");
      attribute->set_type(onnx::AttributeProto::INT);
      attribute->set_i(axis);
    }
    known->second = &proto;
    return &proto;
  }

  // Makes the lock's node, behind lock.before.
  NodeId add_node(LockSite& lock, BodyId body) {
    const auto id = static_cast<NodeId>(graph_.nodes.size());
    const auto made = static_cast<ValueId>(graph_.values.size());
    GraphNode node;
    node.proto = proto_of(lock);
    node.domain = TextRef(node.proto->domain());
    node.op = TextRef(node.proto->op_type());
    node.body = body;
    node.inputs = {lock.before};
    node.outputs = {made};
    graph_.nodes.push_back(std::move(node));
    GraphValue value = graph_.values[lock.before];
    value.tensor = kNone;
    value.sparse = nullptr;
    value.producer = id;
    graph_.values.push_back(std::move(value));
    lock.behind = made;
    return id;
  }

  // The next lock behind a value, for all who read it.
  void chain(LockSite& lock) {
    lock.before = seen_as_[lock.value];
    const NodeId producer = old_.values[lock.value].producer;
    const BodyId body = producer == kNone ? 0 : old_.nodes[producer].body;
    const NodeId node = add_node(lock, body);
    (producer == kNone ? head_ : behind_[producer]).push_back(node);
    seen_as_[lock.value] = lock.behind;
    // What the user scrambled comes out scrambled, also where nothing reads it in between.
    if (lock.carrier == Carrier::kInput) outputs_[lock.value] = lock.behind;
  }

  void rename_readers() {
    for (NodeId n = 0; n < old_.nodes.size(); ++n) {
      for (ValueId& v : graph_.nodes[n].inputs) {
        if (v != kNone) v = seen_as_[v];
      }
    }
    for (BodyId b = 1; b < graph_.bodies.size(); ++b) {
      for (ValueId& v : graph_.bodies[b].outputs) v = seen_as_[v];
    }
  }

  void lock_index(LockSite& lock) {
    lock.before = graph_.nodes[lock.node].inputs[lock.slot];
    front_[lock.node].push_back(add_node(lock, old_.nodes[lock.node].body));
    graph_.nodes[lock.node].inputs[lock.slot] = lock.behind;
  }

  // Beside the locks behind the value, which are for those who read it in the graph.
  void lock_output(LockSite& lock) {
    const auto it = outputs_.try_emplace(lock.value, lock.value).first;
    lock.before = it->second;
    tail_.push_back(add_node(lock, 0));
    it->second = lock.behind;
  }

  void arrange() {
    for (BodyId b = 0; b < graph_.bodies.size(); ++b) {
      std::vector<NodeId> nodes;
      const auto append = [&](const std::vector<NodeId>& list) {
        nodes.insert(nodes.end(), list.begin(), list.end());
      };
      if (b == 0) append(head_);
      for (const NodeId n : old_.bodies[b].nodes) {
        if (const auto it = front_.find(n); it != front_.end()) append(it->second);
        nodes.push_back(n);
        if (const auto it = behind_.find(n); it != behind_.end()) append(it->second);
      }
      if (b == 0) append(tail_);
      graph_.bodies[b].nodes = std::move(nodes);
    }
  }

  const Graph& old_;
  Graph graph_;
  std::vector<LockSite>& locks_;
  std::vector<ValueId> seen_as_;          // by old value: what its readers read instead
  std::map<ValueId, ValueId> outputs_;    // old value -> the last of its output locks
  std::vector<NodeId> head_, tail_;
  std::map<NodeId, std::vector<NodeId>> front_, behind_;
  std::map<std::pair<std::string, std::uint32_t>, const onnx::NodeProto*> protos_;
};

}  // namespace

Graph insert_locks(const Graph& graph, std::vector<LockSite>& locks) {
  return Insertion(graph, locks).run();
}

}  // namespace permcrypt
