#include "write/graph_edits.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "base/quote.h"
#include "read/onnx_fields.h"
#include "write/inserted_names.h"
#include "write/lock_names.h"
#include "write/use_renaming.h"

namespace permcrypt {
namespace {

constexpr int kFirstIrWithDefaults = 4;   // before, an initializer had to be a graph input as well
constexpr int kFirstOpsetWithSizes = 13;  // Split takes its sizes as an operand

onnx::NodeProto make_node(const std::string& op, std::vector<std::string> inputs,
                          const std::string& output) {
  onnx::NodeProto node;
  node.set_op_type(op);
  node.set_name(output);
  for (auto& name : inputs) node.add_input(std::move(name));
  node.add_output(output);
  return node;
}

void add_integer(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void add_integers(onnx::NodeProto& node, const std::string& name,
                  const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

onnx::ValueInfoProto make_input(const std::string& name, std::int32_t type, std::int64_t extent) {
  onnx::ValueInfoProto info;
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape()->add_dim()->set_dim_value(extent);
  return info;
}

template <class Int>
onnx::TensorProto make_vector(const std::string& name, std::int32_t type,
                              const std::vector<Int>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  std::string& bytes = *tensor.mutable_raw_data();
  for (const Int value : values) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
  }
  return tensor;
}

std::string field(std::uint32_t number, const google::protobuf::MessageLite& message) {
  std::string bytes;
  wire::append_bytes(bytes, number, message.SerializeAsString());
  return bytes;
}

// Operators that take ids of either integer type, and whose results do not depend on it.
bool takes_int32(const GraphNode& node) {
  static constexpr std::string_view kOps[] = {"Gather", "GatherElements", "GatherBlockQuantized"};
  return std::find(std::begin(kOps), std::end(kOps), node.op) != std::end(kOps);
}

class LockInsertion {
 public:
  LockInsertion(const LockedGraph& locked, std::string_view file, MessageEdits& edits)
      : locked_(locked), file_(file), edits_(edits), made_(model().structure) {}

  Result<void> run(const LockEditOptions& options) {
    if (options.decoy && model().structure.ir_version() < kFirstIrWithDefaults) {
      return fail(ErrorKind::kState,
                  "a model of IR version " + std::to_string(model().structure.ir_version()) +
                      " cannot give an input a default",
                  "leave out --decoy, or convert the model to IR version 4 or later");
    }
    auto names = name_locks(locked_, made_);
    if (!names) return fail(names.error());
    names_ = *std::move(names);
    UseRenaming renaming(locked_, names_, file_, edits_);
    for (std::size_t i = 0; i < locks().size(); ++i) {
      if (locks()[i].kind != LockKind::kIndex) continue;
      renaming.set_operand(locked_.graph.nodes[locks()[i].node].frame, locks()[i].slot,
                           made_.locked(i));
    }
    if (auto done = renaming.run(); !done) return done;
    if (auto done = add_key(options); !done) return done;
    return add_lock_nodes(renaming.first_use());
  }

 private:
  const Model& model() const { return *locked_.graph.model; }
  const std::vector<LockSite>& locks() const { return locked_.locks; }
  FrameId main_frame() const { return locked_.graph.bodies[0].frame; }

  // The nodes of a graph, where they lie.
  Result<const std::vector<FieldSpan>*> nodes_of(FrameId graph) {
    auto it = nodes_.find(graph);
    if (it == nodes_.end()) {
      auto found = find_fields(model(), file_, graph, onnx_field::graph::kNode);
      if (!found) return fail(found.error());
      it = nodes_.emplace(graph, *std::move(found)).first;
    }
    return &it->second;
  }

  void insert_node(FrameId graph, std::optional<std::uint64_t> before,
                   const onnx::NodeProto& node) {
    std::string bytes = field(onnx_field::graph::kNode, node);
    if (before) {
      edits_.insert(graph, *before, std::move(bytes));
    } else {
      edits_.append(graph, std::move(bytes));
    }
  }

  // The default domain's version; a model that imports none gets one.
  int default_opset() {
    bool imported = model().structure.opset_import_size() == 0;  // before IR 3 there are none
    for (const auto& import : model().structure.opset_import()) {
      imported = imported || import.domain().empty() || import.domain() == "ai.onnx";
    }
    if (imported) return locked_.graph.opset;
    const int version = model().structure.ir_version() >= 7 ? 13 : 8;
    onnx::OperatorSetIdProto import;
    import.set_domain("");
    import.set_version(version);
    edits_.append(kNone, field(onnx_field::model::kOpsetImport, import));
    return version;
  }

  Result<void> add_key(const LockEditOptions& options) {
    std::vector<std::int64_t> sizes;
    for (const LockSite& site : locks()) sizes.push_back(site.size);
    const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    if (auto done = add_split(sizes); !done) return done;
    edits_.append(main_frame(),
                  field(onnx_field::graph::kInput,
                        make_input(made_.key_input(), onnx::TensorProto::INT32, total)));
    if (!options.decoy) return {};
    std::vector<std::int32_t> identity;
    for (const std::int64_t size : sizes) {
      for (std::int64_t i = 0; i < size; ++i) identity.push_back(static_cast<std::int32_t>(i));
    }
    const auto tensor = make_vector(made_.key_input(), onnx::TensorProto::INT32, identity);
    edits_.append(main_frame(), field(onnx_field::graph::kInitializer, tensor));
    return {};
  }

  // One part of the key for each lock, in front of all nodes.
  Result<void> add_split(const std::vector<std::int64_t>& sizes) {
    onnx::NodeProto split;
    split.set_op_type("Split");
    split.set_name(made_.split());
    split.add_input(made_.key_input());
    for (std::size_t i = 0; i < sizes.size(); ++i) split.add_output(made_.key(i));
    add_integer(split, "axis", 0);
    if (default_opset() >= kFirstOpsetWithSizes) {
      split.add_input(made_.split_sizes());
      add_sizes(sizes);
    } else {
      add_integers(split, "split", sizes);
    }
    const auto nodes = nodes_of(main_frame());
    if (!nodes) return fail(nodes.error());
    std::optional<std::uint64_t> first;
    if (!(*nodes)->empty()) first = (*nodes)->front().tag;
    insert_node(main_frame(), first, split);
    return {};
  }

  void add_sizes(const std::vector<std::int64_t>& sizes) {
    const auto tensor = make_vector(made_.split_sizes(), onnx::TensorProto::INT64, sizes);
    edits_.append(main_frame(), field(onnx_field::graph::kInitializer, tensor));
    if (model().structure.ir_version() >= kFirstIrWithDefaults) return;
    const auto extent = static_cast<std::int64_t>(sizes.size());
    edits_.append(main_frame(),
                  field(onnx_field::graph::kInput,
                        make_input(made_.split_sizes(), onnx::TensorProto::INT64, extent)));
  }

  // Locks on values first: where both stand in front of one node, ids are never locked values.
  Result<void> add_lock_nodes(const std::vector<std::size_t>& first_use) {
    for (std::size_t i = 0; i < locks().size(); ++i) {
      if (locks()[i].kind == LockKind::kIndex) continue;
      std::optional<std::uint64_t> before;
      if (names_.use[i] && first_use[*names_.use[i]] != kNoNode) {
        const auto nodes = nodes_of(names_.graphs[i]);
        if (!nodes) return fail(nodes.error());
        before = (*nodes)->at(first_use[*names_.use[i]]).tag;
      }
      for (const onnx::NodeProto& node : lock_nodes(i)) insert_node(names_.graphs[i], before, node);
    }
    for (std::size_t i = 0; i < locks().size(); ++i) {
      if (locks()[i].kind != LockKind::kIndex) continue;
      if (auto done = add_index_lock(i); !done) return done;
    }
    return {};
  }

  // A Gather along an innermost axis moves single numbers, in ONNX Runtime at a fiftieth of the speed
  // of whole runs: such an axis is turned to the front, gathered, and turned back, at a tenth of what
  // the Gather alone takes. Of few axes, as of pooled vectors, there are no runs to be had.
  std::vector<onnx::NodeProto> lock_nodes(std::size_t i) const {
    const LockSite& lock = locks()[i];
    const std::string from = names_.name(locked_, lock.before);
    const std::string& to = names_.values.at(lock.behind);
    const auto rank = static_cast<std::int64_t>(locked_.inference.values[lock.before].axes.size());
    if (rank < 3 || lock.axis + 1 != rank) {
      onnx::NodeProto gather = make_node("Gather", {from, made_.key(i)}, to);
      gather.set_name(made_.locked(i));
      add_integer(gather, "axis", lock.axis);
      return {gather};
    }
    std::vector<std::int64_t> turn{rank - 1}, back;
    for (std::int64_t k = 0; k + 1 < rank; ++k) turn.push_back(k);
    for (std::int64_t k = 1; k < rank; ++k) back.push_back(k);
    back.push_back(0);
    onnx::NodeProto first = make_node("Transpose", {from}, made_.turned(i));
    add_integers(first, "perm", turn);
    onnx::NodeProto gather = make_node("Gather", {made_.turned(i), made_.key(i)}, made_.gathered(i));
    add_integer(gather, "axis", 0);
    onnx::NodeProto last = make_node("Transpose", {made_.gathered(i)}, to);
    last.set_name(made_.locked(i));
    add_integers(last, "perm", back);
    return {first, gather, last};
  }

  // ids' = key[ids], in the type that the consumer takes.
  Result<void> add_index_lock(std::size_t lock) {
    const LockSite& site = locks()[lock];
    const GraphNode& consumer = locked_.graph.nodes[site.node];
    const bool cast = locked_.inference.values[site.before].type == onnx::TensorProto::INT64 &&
                      !takes_int32(consumer);
    const auto nodes = nodes_of(names_.graphs[lock]);
    if (!nodes) return fail(nodes.error());
    const std::uint64_t begin = model().frames[consumer.frame].begin;
    const auto span = std::find_if((*nodes)->begin(), (*nodes)->end(),
                                   [&](const FieldSpan& f) { return f.frame.begin == begin; });
    if (span == (*nodes)->end()) {
      return fail(ErrorKind::kDefect,
                  "node " + in_quotes(consumer.proto->name()) + " is not in its graph");
    }
    onnx::NodeProto gather =
        make_node("Gather", {made_.key(lock), names_.name(locked_, site.before)},
                  cast ? made_.uncast(lock) : made_.locked(lock));
    add_integer(gather, "axis", 0);
    insert_node(names_.graphs[lock], span->tag, gather);
    if (cast) {
      onnx::NodeProto node = make_node("Cast", {made_.uncast(lock)}, made_.locked(lock));
      add_integer(node, "to", onnx::TensorProto::INT64);
      insert_node(names_.graphs[lock], span->tag, node);
    }
    return {};
  }

  const LockedGraph& locked_;
  std::string_view file_;
  MessageEdits& edits_;
  InsertedNames made_;
  LockNames names_;
  std::map<FrameId, std::vector<FieldSpan>> nodes_;
};

}  // namespace

Result<void> write_locks(const LockedGraph& locked, std::string_view file,
                         const LockEditOptions& options, MessageEdits& edits) {
  if (locked.locks.empty()) return {};
  return LockInsertion(locked, file, edits).run(options);
}

}  // namespace permcrypt
