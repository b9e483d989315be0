#include "lock/candidates.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "lock/constraint_graph.h"
#include "lock/flow.h"
#include "lock/key_scope.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// An operand whose elements select from an axis of another operand.
struct TableSlot {
  std::string_view domain, op;
  std::uint32_t ids, table;
  std::string_view axis;  // the attribute that names the axis; "" for the first
  bool stored = false;    // only of a table that is a constant
};

constexpr TableSlot kTableSlots[] = {
    {"", "Gather", 1, 0, "axis"},
    {"", "GatherElements", 1, 0, "axis", true},
    {"", "GatherND", 1, 0, "", true},
    {"com.microsoft", "GatherND", 1, 0, "", true},
    {"com.microsoft", "GatherBlockQuantized", 1, 0, "gather_axis"},
    {"com.microsoft", "EmbedLayerNormalization", 0, 2, ""},
    {"com.microsoft", "EmbedLayerNormalization", 1, 4, ""},
    {"com.microsoft", "EmbedLayerNormalization", 8, 3, ""},
    {"com.microsoft", "QEmbedLayerNormalization", 0, 2, ""},
    {"com.microsoft", "QEmbedLayerNormalization", 1, 4, ""},
};

bool is_float(std::int32_t type) {
  return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
}

class Search {
 public:
  Search(const Graph& graph, const Inference& plain)
      : graph_(graph), plain_(plain), flow_(graph), scope_(graph) {
    for (const CachePair& pair : plain.caches) {
      cached_.insert(pair.past);
      cached_.insert(pair.present);
    }
  }

  std::vector<LockSite> key_locks() {
    for (const ValueId v : graph_.bodies[0].inputs) add_axes(LockKind::kInput, v);
    add_tables();
    for (const ValueId v : outputs()) {
      if (scope_.can_lock(v)) add_axes(LockKind::kOutput, v);
    }
    return std::move(out_);
  }

  std::vector<LockSite> client_maps() {
    carrier_ = Carrier::kInput;
    for (const ValueId v : graph_.bodies[0].inputs) add_client_maps(LockKind::kInput, v);
    carrier_ = Carrier::kOutput;
    for (const ValueId v : outputs()) add_client_maps(LockKind::kOutput, v);
    return std::move(out_);
  }

  std::vector<LockSite> index_locks() {
    add_tables();
    return std::move(out_);
  }

 private:
  // Each once.
  std::set<ValueId> outputs() const {
    return {graph_.bodies[0].outputs.begin(), graph_.bodies[0].outputs.end()};
  }

  void add_tables() {
    for (NodeId n = 0; n < graph_.nodes.size(); ++n) {
      if (!scope_.sees_key(n)) continue;
      for (const TableSlot& slot : kTableSlots) {
        if (slot.op == graph_.nodes[n].op && slot.domain == graph_.nodes[n].domain)
          add_table(n, slot);
      }
    }
  }

  const ValueFacts* facts(const GraphNode& node, std::uint32_t slot) const {
    if (slot >= node.inputs.size() || node.inputs[slot] == kNone) return nullptr;
    const ValueFacts& f = plain_.values[node.inputs[slot]];
    return f.known ? &f : nullptr;
  }

  static bool has_one_coordinate(const GraphNode& node, const ValueFacts& ids) {
    const bool batched = std::ranges::any_of(node.proto->attribute(), [](const auto& a) {
      return a.name() == "batch_dims" && a.i() != 0;
    });
    return !batched && !ids.axes.empty() && ids.axes.back().unit();
  }

  void add_table(NodeId n, const TableSlot& slot) {
    const GraphNode& node = graph_.nodes[n];
    const ValueFacts *ids = facts(node, slot.ids), *table = facts(node, slot.table);
    if (!ids || !table || table->axes.empty() || !is_weight_type(table->type)) return;
    if (flow_.is_constant(node.inputs[slot.ids])) return;
    if (slot.stored && !flow_.is_constant(node.inputs[slot.table])) return;
    if (node.op == "GatherND" && !has_one_coordinate(node, *ids)) return;
    // Such ids follow the axis by themselves: results of TopK, index tables that are rewritten.
    if (ids->coordinates != kNone) return;
    const auto rank = static_cast<std::int64_t>(table->axes.size());
    std::int64_t k = 0;
    for (const auto& a : node.proto->attribute()) {
      if (!slot.axis.empty() && a.name() == slot.axis) k = a.i() < 0 ? a.i() + rank : a.i();
    }
    if (k < 0 || k >= rank) return;
    const Axis& axis = table->axes[static_cast<std::size_t>(k)];
    if (axis.dynamic() || axis.a <= 1) return;
    LockSite site;
    site.kind = LockKind::kIndex;
    site.value = node.inputs[slot.ids];
    site.node = n;
    site.slot = slot.ids;
    site.size = axis.a;
    out_.push_back(site);
  }

  // In front of the model, ids change before their places do; behind it, the other way round.
  void add_client_maps(LockKind kind, ValueId v) {
    const ValueFacts& f = plain_.values[v];
    if (!f.known || cached_.contains(v)) return;
    const bool ids = f.type == T::INT32 || f.type == T::INT64;
    LockSite site;
    site.kind = LockKind::kIndex;
    site.value = v;
    site.carrier = carrier_;
    if (ids && kind == LockKind::kInput) out_.push_back(site);
    add_axes(kind, v);
    if (ids && kind == LockKind::kOutput) out_.push_back(site);
  }

  void add_axes(LockKind kind, ValueId v) {
    const ValueFacts& f = plain_.values[v];
    const bool movable = carrier_ != Carrier::kKey || is_float(f.type);
    if (!f.known || !movable || cached_.contains(v)) return;
    for (std::uint32_t k = 0; k < f.axes.size(); ++k) {
      if (f.axes[k].dynamic() || f.axes[k].a <= 1) continue;
      LockSite site;
      site.kind = kind;
      site.value = v;
      site.axis = k;
      site.size = f.axes[k].a;
      site.carrier = carrier_;
      out_.push_back(site);
    }
  }

  const Graph& graph_;
  const Inference& plain_;
  const Flow flow_;
  const KeyScope scope_;
  std::set<ValueId> cached_;
  Carrier carrier_ = Carrier::kKey;
  std::vector<LockSite> out_;
};

}  // namespace

std::vector<LockSite> find_interface_locks(const Graph& graph, const Inference& plain) {
  return Search(graph, plain).key_locks();
}

std::vector<LockSite> find_client_maps(const Graph& graph, const Inference& plain) {
  return Search(graph, plain).client_maps();
}

std::vector<LockSite> find_index_locks(const LockedGraph& mapped) {
  std::map<ValueId, ValueId> in_front;  // of each value behind a client map: the original's
  for (const LockSite& map : mapped.locks) in_front[map.behind] = map.value;
  std::vector<LockSite> out = Search(mapped.graph, mapped.inference).index_locks();
  for (LockSite& site : out) {
    if (const auto it = in_front.find(site.value); it != in_front.end()) site.value = it->second;
  }
  return out;
}

}  // namespace permcrypt
