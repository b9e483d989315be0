#include "lock/tables.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "lock/constraint_graph.h"
#include "lock/key_scope.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// A lock must free at least this share of the weights. A permutation of fewer rows is no secret.
constexpr double kNoteworthy = 0.0025;
constexpr std::int64_t kFewestRows = 4;

// All locks together copy at most this share of as many bits as the weights have.
constexpr double kMostCopied = 0.25;
constexpr double kMostCopiedSparing = 0.02;

constexpr std::uint32_t kAnySlot = kNone;

// An operand whose rows are read at positions, or added to something.
struct ReaderSlot {
  std::string_view domain, op;
  std::uint32_t slot;
  std::uint32_t indices = kNone;  // the operand that says which rows
  bool quantised = false;         // a table in 8 bits; elsewhere those are masks
};

constexpr auto kMs = "com.microsoft";

constexpr ReaderSlot kReaderSlots[] = {
    {"", "Slice", 0},
    {"", "Gather", 0, 1},
    {"", "GatherElements", 0, 1},
    {"", "GatherND", 0, 1},
    {kMs, "GatherND", 0, 1},
    {"", "Concat", kAnySlot},
    {"", "Expand", 0},
    {"", "Pad", 0},
    {"", "Reshape", 0},
    {"", "Resize", 0},
    {"", "Tile", 0},
    {"", "Add", kAnySlot},
    {"", "Sub", kAnySlot},
    {"", "Mul", kAnySlot},
    {"", "Div", kAnySlot},
    {"", "RotaryEmbedding", 1},
    {"", "RotaryEmbedding", 2},
    {kMs, "RotaryEmbedding", 2},
    {kMs, "RotaryEmbedding", 3},
    {kMs, "GroupQueryAttention", 7},
    {kMs, "GroupQueryAttention", 8},
    {kMs, "SparseAttention", 9},
    {kMs, "SparseAttention", 10},
    {kMs, "PagedAttention", 8},
    {kMs, "PagedAttention", 9},
    {kMs, "RelativePositionBias", 0},
    {kMs, "EmbedLayerNormalization", 3},
    {kMs, "QEmbedLayerNormalization", 3, kNone, true},
};

const ReaderSlot* reader_slot(const GraphNode& node, std::uint32_t slot) {
  const auto found = std::ranges::find_if(kReaderSlots, [&](const ReaderSlot& r) {
    return r.op == node.op && r.domain == node.domain && (r.slot == slot || r.slot == kAnySlot);
  });
  return found == std::end(kReaderSlots) ? nullptr : found;
}

bool is_float(std::int32_t type) {
  return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
}

double bits_of(const ValueFacts& facts) {
  double bits = element_bits(facts.type);
  for (const Axis& axis : facts.axes) bits *= static_cast<double>(axis.a);
  return bits;
}

double bits_of_weights(const Graph& graph, const Inference& inference) {
  double bits = 0;
  for (ValueId v = 0; v < graph.values.size(); ++v) {
    const ValueFacts& facts = inference.values[v];
    if (graph.values[v].tensor != kNone && is_weight_type(facts.type)) bits += bits_of(facts);
  }
  return bits;
}

// Few different numbers in a constant, as in a mask: whatever its order, it can be told from them.
bool is_of_few_numbers(const Graph& graph, ValueId v) {
  constexpr std::size_t kLookedAt = 4096, kFewest = 4;
  if (graph.values[v].tensor == kNone) return false;
  const Tensor& tensor = graph.model->tensors[graph.values[v].tensor];
  const auto width = static_cast<std::size_t>(element_bits(tensor.type)) / 8;
  if (!tensor.payload || tensor.encoding != Encoding::kFixed || width == 0) return false;
  const auto bytes = graph.payloads->bytes(*tensor.payload);
  if (!bytes) return false;
  const std::size_t elements = bytes->size() / width;
  const std::size_t step = (elements + kLookedAt - 1) / kLookedAt;
  std::set<std::string_view> numbers;
  for (std::size_t i = 0; i < elements && numbers.size() < kFewest; i += step) {
    numbers.insert(bytes->substr(i * width, width));
  }
  return numbers.size() < kFewest;
}

// By value: whether its elements depend on those of an input, and not on shapes alone.
std::vector<bool> find_data(const Graph& graph, const Flow& flow) {
  std::vector<bool> data(graph.values.size(), false);
  for (const GraphBody& body : graph.bodies) {
    for (const ValueId v : body.inputs) data[v] = true;
  }
  for (const Flow::Step step : flow.order()) {
    if (step >= graph.nodes.size()) continue;
    const GraphNode& node = graph.nodes[step];
    if (node.domain.empty() && (node.op == "Shape" || node.op == "Size")) continue;
    const bool any = !node.subs.empty() || std::ranges::any_of(node.inputs, [&](ValueId v) {
      return v != kNone && data[v];
    });
    for (const ValueId v : node.outputs) {
      if (v != kNone) data[v] = any;
    }
  }
  return data;
}

class Search {
 public:
  Search(const Graph& graph, Inference& inference, const Flow& flow)
      : graph_(graph),
        inference_(inference),
        flow_(flow),
        scope_(graph),
        data_(find_data(graph, flow)),
        weights_(bits_of_weights(graph, inference)) {
    for (const GraphBody& body : graph.bodies) {
      handed_out_.insert(body.outputs.begin(), body.outputs.end());
    }
  }

  // The smaller ones first, while there is room; those of one size, such as sines and cosines, all
  // or none.
  std::vector<LockSite> run(std::size_t values, bool sparing) {
    const std::vector<Table> tables = find_tables(values);
    const double room = weights_ * (sparing ? kMostCopiedSparing : kMostCopied);
    std::vector<LockSite> out;
    double copied = 0;
    for (auto begin = tables.begin(); begin != tables.end();) {
      const auto end =
          std::ranges::upper_bound(begin, tables.end(), begin->copied, {}, &Table::copied);
      copied += static_cast<double>(end - begin) * begin->copied;
      if (copied > room) break;
      for (; begin != end; ++begin) {
        for (const std::uint32_t k : begin->axes) out.push_back(lock_on(begin->value, k));
      }
    }
    return out;
  }

 private:
  struct Table {
    ValueId value;
    std::vector<std::uint32_t> axes;  // that need a lock
    double copied;                    // bits, by all of them
  };

  // By size.
  std::vector<Table> find_tables(std::size_t values) {
    std::vector<Table> tables;
    for (ValueId v = 0; v < std::min(values, graph_.values.size()); ++v) {
      auto axes = held_axes(v);
      if (axes.empty() || !meets_data(v)) continue;
      const double bits = bits_of(inference_.values[v]);
      const auto locks = static_cast<double>(axes.size());
      if (bits < locks * kNoteworthy * weights_ || is_of_few_numbers(graph_, v)) continue;
      tables.push_back({v, std::move(axes), bits * locks});
    }
    std::ranges::stable_sort(tables, {}, &Table::copied);
    return tables;
  }

  // Those that a lock could free, if the table then moves on every axis.
  std::vector<std::uint32_t> held_axes(ValueId v) {
    const ValueFacts& facts = inference_.values[v];
    std::vector<std::uint32_t> out;
    if (!flow_.is_constant(v) || !facts.known || graph_.values[v].sparse) return {};
    const auto is_long = [](const Axis& axis) { return !axis.unit(); };
    if (std::ranges::count_if(facts.axes, is_long) < 2) return {};  // no rows, but single numbers
    for (std::uint32_t k = 0; k < facts.axes.size(); ++k) {
      const Axis& axis = facts.axes[k];
      if (axis.unit() || inference_.axes.any_free(axis.expr)) continue;
      if (axis.dynamic() || axis.a < kFewestRows) return {};
      out.push_back(k);
    }
    return out;
  }

  bool meets_data(ValueId v) const {
    const bool stored = graph_.values[v].producer == kNone;
    if (handed_out_.contains(v)) return false;
    if (!(stored ? scope_.can_lock_constant(v) : scope_.can_lock(v))) return false;
    bool met = false;
    for (const NodeId n : flow_.readers(v)) {
      if (flow_.is_constant_node(n)) continue;
      if (!reads_rows(graph_.nodes[n], v)) return false;
      met = true;
    }
    return met;
  }

  bool reads_rows(const GraphNode& node, ValueId v) const {
    for (std::uint32_t slot = 0; slot < node.inputs.size(); ++slot) {
      if (node.inputs[slot] != v) continue;
      const ReaderSlot* reader = reader_slot(node, slot);
      if (!reader || !(reader->quantised || is_float(inference_.values[v].type))) return false;
      if (reader->indices >= node.inputs.size()) continue;
      const ValueId rows = node.inputs[reader->indices];
      if (rows == kNone || data_[rows]) return false;
    }
    return true;
  }

  LockSite lock_on(ValueId v, std::uint32_t axis) const {
    LockSite site;
    site.kind = LockKind::kBoundary;
    site.value = v;
    site.axis = axis;
    site.size = inference_.values[v].axes[axis].a;
    return site;
  }

  const Graph& graph_;
  Inference& inference_;
  const Flow& flow_;
  const KeyScope scope_;
  const std::vector<bool> data_;
  const double weights_;
  std::set<ValueId> handed_out_;  // outputs of any body
};

}  // namespace

std::vector<LockSite> find_table_locks(const Graph& graph, Inference& inference, const Flow& flow,
                                       std::size_t values, bool sparing) {
  return Search(graph, inference, flow).run(values, sparing);
}

bool is_worthwhile(std::size_t locks, double gain) {
  return locks > 0 && gain >= kNoteworthy * static_cast<double>(locks);
}

}  // namespace permcrypt
