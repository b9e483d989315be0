#include "permcrypt/infer.h"

#include <algorithm>

#include "infer/duplicates.h"
#include "infer/packed_views.h"
#include "infer/picture_size.h"
#include "infer/round_sizes.h"
#include "infer/workspace.h"

namespace permcrypt {
namespace {

FoldedPtr read_folded(PayloadReader& payloads, TensorId id, const Tensor& tensor) {
  using T = onnx::TensorProto;
  Folded folded;
  folded.a.shape = tensor.shape;
  if (is_index_type(tensor.type) || tensor.type == T::BOOL) {
    auto ints = payloads.integers(id, kMaxFoldedInts);
    if (!ints) return nullptr;
    folded.a.ints = *std::move(ints);
  } else if (tensor.type == T::FLOAT || tensor.type == T::DOUBLE || tensor.type == T::FLOAT16 ||
             tensor.type == T::BFLOAT16) {
    auto reals = payloads.floats(id, kMaxFoldedReals);
    if (!reals) return nullptr;
    folded.a.integral = false;
    folded.a.reals = *std::move(reals);
  } else {
    auto ints = payloads.integers(id, kMaxFoldedReals);
    if (!ints) return nullptr;
    folded.a.ints = *std::move(ints);
  }
  return std::make_shared<const Folded>(std::move(folded));
}

constexpr std::string_view kNotInCheckpoint =
    "not in the checkpoint: programs that load it compute this themselves";

// What is not stored is zero, and a zero is no index that could become another.
void add_sparse(Workspace& ws, Operand& o, const GraphValue& value) {
  o.known = true;
  for (const auto& dim : *value.declared) o.axes.push_back(ws.free_axis(dim.size, dim.size));
  ws.labels.pin(o.label, "elements of a sparse tensor");
  if (!value.sparse->unmovable.empty()) ws.pin(o, value.sparse->unmovable);
  // How a diagonal lies would tell how its axes lie to each other.
  if (value.sparse->diagonal) ws.axes.unify(o.axes[0].expr, o.axes[1].expr);
}

void add_constant(Workspace& ws, ValueId id) {
  const GraphValue& value = ws.graph.values[id];
  Operand& o = ws.operands[id];
  o.type = value.elem_type;
  o.constant = true;
  o.label = ws.labels.add(LabelSource::kConstant);
  if (value.sparse) {
    add_sparse(ws, o, value);
    if (ws.options.still.contains(ws.graph.stored(id))) ws.pin(o, kNotInCheckpoint);
    return;
  }
  const Tensor& tensor = ws.graph.model->tensors[value.tensor];
  o.known = true;
  o.tensor = value.tensor;
  o.folded = read_folded(*ws.graph.payloads, value.tensor, tensor);
  const auto view = ws.views.find(id);
  const auto& shape = view == ws.views.end() ? tensor.shape : view->second.shape;
  for (const std::int64_t n : shape) o.axes.push_back(ws.free_axis(n, n));
  // An empty tensor has nothing to move, and so nothing that must stay.
  const bool empty = std::ranges::find(shape, 0) != shape.end();
  if (!tensor.payload && !empty) ws.pin(o, tensor.unmovable);
  if (ws.options.still.contains(value.tensor)) {
    ws.pin(o, kNotInCheckpoint);
    ws.labels.pin(o.label, kNotInCheckpoint);
  }
  if (!is_index_type(o.type)) ws.labels.pin(o.label, "not an index");
  if (ws.options.rigid_tables.contains(id)) {
    ws.labels.pin(o.label, "ids in a table whose encoding has no room for others");
  }
}

void add_input(Workspace& ws, ValueId id, bool still) {
  const GraphValue& value = ws.graph.values[id];
  Operand& o = ws.operands[id];
  o.type = value.elem_type;
  o.label =
      is_index_type(o.type) ? ws.labels.add(LabelSource::kInput) : ws.labels.opaque("graph input");
  if (!value.declared) return;
  o.known = true;
  for (std::size_t k = 0; k < value.declared->size(); ++k) {
    const auto& dim = (*value.declared)[k];
    const std::string name =
        dim.size >= 0 || !dim.name.empty() ? dim.name : value.name + "#" + std::to_string(k);
    const auto [a, b] =
        dim.size >= 0 ? Dimensions::Pair{dim.size, dim.size} : ws.dimensions.named(name, k > 0);
    const Axis axis = still ? ws.fixed_axis(a, b, "graph input") : ws.free_axis(a, b);
    if (axis.dynamic()) ws.dimension_of.emplace(axis.expr, name);
    o.axes.push_back(axis);
  }
  if (still) ws.labels.pin(o.label, "ids come from a graph input");
}

void close_outputs(Workspace& ws) {
  std::vector<bool> cached(ws.graph.values.size(), false);
  for (const CachePair& pair : ws.caches) cached[pair.present] = true;
  if (ws.options.free_interface) return;
  for (const ValueId id : ws.graph.bodies[0].outputs) {
    if (!cached[id]) ws.pin(ws.operands[id], "graph output");
  }
}

void tie_caches(Workspace& ws) {
  for (const CachePair& pair : ws.caches) {
    Operand& past = ws.operands[pair.past];
    Operand& present = ws.operands[pair.present];
    if (!past.known || !present.known || past.axes.size() != present.axes.size()) {
      ws.pin(past, "cache of unlike rank");
      ws.pin(present, "cache of unlike rank");
      continue;
    }
    for (std::size_t k = 0; k < past.axes.size(); ++k) {
      const Axis &x = past.axes[k], &y = present.axes[k];
      if (x.same_extent(y)) {
        ws.axes.unify(x.expr, y.expr);
      } else {
        ws.axes.pin(x.expr, "cache grows");
        ws.axes.pin(y.expr, "cache grows");
      }
    }
  }
}

// What elements are coordinates of, by value.
std::vector<ExprId> collect_coordinates(Workspace& ws) {
  std::vector<ExprId> out(ws.operands.size(), kNone);
  for (std::size_t id = 0; id < ws.operands.size(); ++id) {
    const LabelId label = ws.operands[id].label;
    const Axis* axis = label == kNone ? nullptr : ws.labels.axis(label);
    if (axis && ws.axes.any_free(axis->expr)) out[id] = axis->expr;
  }
  return out;
}

Inference collect(Workspace& ws) {
  Inference out;
  const std::vector<ExprId> coordinates = collect_coordinates(ws);
  ws.labels.clear();  // makes room for what follows
  out.values.resize(ws.operands.size());
  for (std::size_t id = 0; id < ws.operands.size(); ++id) {
    Operand& o = ws.operands[id];
    ValueFacts& facts = out.values[id];
    facts.known = o.known;
    facts.type = o.type;
    facts.axes = std::move(o.axes);
    facts.coordinates = coordinates[id];
  }
  out.views = std::move(ws.views);
  out.caches = std::move(ws.caches);
  out.unknown_ops = std::move(ws.unknown_ops);
  out.gave_up = std::move(ws.gave_up);
  std::sort(ws.notes.begin(), ws.notes.end());
  ws.notes.erase(std::unique(ws.notes.begin(), ws.notes.end()), ws.notes.end());
  out.notes = std::move(ws.notes);
  out.bound_dims = ws.dimensions.bound();
  out.axes = std::move(ws.axes);
  return out;
}

void run(Workspace& ws) {
  ws.caches = ws.options.opaque_caches ? find_caches(ws.graph) : std::vector<CachePair>{};
  ws.views = find_packed_views(ws);
  std::vector<bool> cached(ws.graph.values.size(), false);
  for (const CachePair& pair : ws.caches) cached[pair.past] = true;
  for (ValueId id = 0; id < ws.graph.values.size(); ++id) {
    const GraphValue& value = ws.graph.values[id];
    if (value.is_constant()) add_constant(ws, id);
  }
  for (const ValueId id : ws.graph.bodies[0].inputs) {
    add_input(ws, id, !ws.options.free_interface && !cached[id]);
  }
  ws.run_body(0);
  ws.axes.at(0);  // no node's
  close_outputs(ws);
  tie_caches(ws);
}

std::unique_ptr<Workspace> run_solved(const Graph& graph, const InferOptions& options,
                                      SizeAssumptions sizes) {
  // A dimension is solved for at most once, so this bounds nothing but a cycle of contradictions.
  constexpr int kMaxRebinds = 64;
  for (int attempt = 0; attempt < kMaxRebinds; ++attempt) {
    auto ws = std::make_unique<Workspace>(graph, options, sizes);
    try {
      run(*ws);
      return ws;
    } catch (const Rebind& r) {
      sizes.bound[r.dimension] = r.extent;
    }
  }
  return nullptr;
}

}  // namespace

Result<Inference> infer(const Graph& graph, const InferOptions& options) {
  std::vector<Duplicate> found;
  if (!options.duplicates) {
    auto copies = find_duplicates(graph);
    if (!copies) return tl::unexpected(copies.error());
    found = *std::move(copies);
  }
  const std::vector<Duplicate>& duplicates = options.duplicates ? *options.duplicates : found;
  const Pass pass = [&](SizeAssumptions sizes) {
    auto ws = run_solved(graph, options, std::move(sizes));
    if (!ws) return ws;
    tie_duplicates(*ws, duplicates);
    ws->axes.solve();
    return ws;
  };
  auto ws = pass({options.dims});
  if (ws) ws = with_picture_size(pass, std::move(ws));
  if (!ws) return fail(ErrorKind::kInput, "the graph's dimensions contradict each other");
  ws = with_round_sizes(pass, std::move(ws));
  Inference out = collect(*ws);
  out.duplicates = duplicate_classes(duplicates);
  return out;
}

}  // namespace permcrypt
