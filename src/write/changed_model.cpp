#include "write/changed_model.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/checked.h"
#include "base/quote.h"
#include "write/encrypted_model.h"
#include "write/graph_edits.h"
#include "write/graph_records.h"
#include "write/lock_removal.h"
#include "write/message_edits.h"
#include "write/output_names.h"

namespace permcrypt {
namespace {

std::optional<std::uint64_t> count(const auto& shape) {
  return checked_product<std::uint64_t>(shape);
}

// The view of a planned tensor where it lies now. Elements of the same width as before lie as
// before; others were cast, which packed formats cannot be.
std::optional<ElementView> view_now(const PlanTensor& planned, const Tensor& tensor) {
  if (!tensor.payload) return std::nullopt;
  ElementView view = planned.view;
  view.encoding = tensor.encoding;
  const bool packed = !view.shape.empty() && view.row_stride != view.shape.back();
  const bool same_place = planned.view.encoding == tensor.encoding;
  if (same_place && planned.payload.length == tensor.payload->length) return view;
  if (packed || count(view.shape) != count(tensor.shape)) return std::nullopt;
  view.bits = static_cast<std::uint32_t>(element_bits(tensor.type));
  return view.bits == 0 ? std::nullopt : std::optional(view);
}

bool fits(const PlanTensor& planned, const Tensor& tensor) {
  const auto& shape = planned.view.shape;
  const bool plain = std::ranges::equal(shape, tensor.shape, [](std::uint64_t a, std::int64_t b) {
    return a == static_cast<std::uint64_t>(b);
  });
  return plain || shape.size() != tensor.shape.size() || planned.view.bits < 8;
}

using ByName = std::map<std::string, const Tensor*>;

// Names that shared the bytes of a planned tensor, and have bytes of their own now.
std::vector<std::string> others_of(const Plan& plan, const PlanTensor& planned,
                                   const std::set<std::string>& planned_names) {
  std::vector<std::string> out;
  for (const auto& names : plan.duplicates) {
    if (std::ranges::find(names, planned.name) == names.end()) continue;
    for (const std::string& name : names) {
      if (!planned_names.contains(name)) out.push_back(name);
    }
  }
  return out;
}

// A sparse tensor where it lies now: it may be stored in another form, and have other entries.
std::optional<PlanSparse> sparse_now(const PlanSparse& planned, const Model& model,
                                     const SparseTensor& sparse, const std::string& name) {
  const bool same_shape = std::ranges::equal(
      planned.view.shape, sparse.shape,
      [](std::uint64_t a, std::int64_t b) { return a == static_cast<std::uint64_t>(b); });
  if (!same_shape || sparse.indices == kNone) return std::nullopt;
  const Tensor &values = model.tensors[sparse.values], &indices = model.tensors[sparse.indices];
  const int bits = element_bits(values.type);
  if (!values.payload || !indices.payload || bits < 8 || indices.shape.empty() ||
      indices.type != onnx::TensorProto::INT64 || values.shape.size() != 1) {
    return std::nullopt;
  }
  PlanSparse now = planned;
  now.name = name;
  now.view.bits = static_cast<std::uint32_t>(bits);
  now.view.encoding = values.encoding;
  now.entries = static_cast<std::uint64_t>(values.shape[0]);
  now.values = *values.payload;
  now.indices = *indices.payload;
  now.index_encoding = indices.encoding;
  now.coordinates = indices.shape.size() == 2;
  return now;
}

void relocate_sparse(const Plan& plan, const Model& model,
                     const std::function<std::string(const std::string&)>& plain_name,
                     RelocatedPlan& out) {
  std::map<std::string, const SparseTensor*> by_name;
  for (const SparseTensor& sparse : model.sparse) {
    const Tensor& values = model.tensors[sparse.values];
    by_name[plain_name(values.scope + values.name)] = &sparse;
  }
  out.plan.sparse.clear();
  for (const PlanSparse& planned : plan.sparse) {
    const auto it = by_name.find(planned.name);
    auto now =
        it == by_name.end() ? std::nullopt : sparse_now(planned, model, *it->second, planned.name);
    if (now) {
      out.plan.sparse.push_back(*std::move(now));
    } else {
      out.missing.push_back(planned.name);
    }
  }
}

bool same_bytes(const PlanTensor& a, const PlanTensor& b) { return a.payload == b.payload; }

std::string list(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(kMost, items.size()); ++i) out += (i ? ", " : "") + items[i];
  if (items.size() > kMost) out += " and " + std::to_string(items.size() - kMost) + " more";
  return out;
}

}  // namespace

RelocatedPlan relocate(const Plan& plan, const Model& model,
                       const std::function<std::string(const std::string&)>& plain_name) {
  ByName by_name;
  for (const Tensor& tensor : model.tensors) {
    if (!tensor.name.empty()) by_name[plain_name(tensor.scope + tensor.name)] = &tensor;
  }
  std::set<std::string> planned_names;
  for (const PlanTensor& tensor : plan.tensors) planned_names.insert(tensor.name);
  RelocatedPlan out{plan, {}};
  out.plan.edits.clear();
  out.plan.tensors.clear();
  const auto place = [&](const PlanTensor& planned, const std::string& name) {
    const auto it = by_name.find(name);
    const auto view = it == by_name.end() || !fits(planned, *it->second)
                          ? std::nullopt
                          : view_now(planned, *it->second);
    if (!view) return false;
    PlanTensor moved = planned;
    moved.name = name;
    moved.payload = *it->second->payload;
    moved.view = *view;
    out.plan.tensors.push_back(std::move(moved));
    return true;
  };
  for (const PlanTensor& planned : plan.tensors) {
    if (!place(planned, planned.name)) out.missing.push_back(planned.name);
    for (const std::string& other : others_of(plan, planned, planned_names)) {
      if (by_name.contains(other) && !place(planned, other)) out.missing.push_back(other);
    }
  }
  const auto by_place = [](const PlanTensor& t) {
    return std::tuple(t.payload.file, t.payload.offset, t.payload.length);
  };
  std::ranges::stable_sort(out.plan.tensors, {}, by_place);
  const auto rest = std::ranges::unique(out.plan.tensors, same_bytes);
  out.plan.tensors.erase(rest.begin(), rest.end());
  relocate_sparse(plan, model, plain_name, out);
  return out;
}

Result<void> ChangedModel::check() const {
  if (!relocated.missing.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : relocated.missing) names.push_back(in_quotes(name));
    return fail(ErrorKind::kResult, "tensors cannot be matched: " + list(names),
                "they have gone, or have another name or shape than when they were encrypted; save "
                "the model with its names and without optimising it");
  }
  if (!unknown.empty()) {
    return fail(ErrorKind::kResult, "the graph is not the one that was encrypted: " + list(unknown),
                "weights may change, the rest may not; save the model without optimising it");
  }
  return {};
}

Result<ChangedModel> match_changed(const Model& model, const std::string& key_input,
                                   const SealedPlan& sealed, const std::vector<Permutation>& groups,
                                   const std::filesystem::path& out) {
  const auto locks = LockRemoval::find(model.structure, key_input);
  if (!locks) return fail(locks.error());
  ChangedModel changed;
  changed.relocated =
      relocate(sealed.plan, model, [&](const auto& n) { return locks->plain_name(n); });

  changed.recorded = !sealed.graph.empty();
  if (changed.recorded) {
    const onnx::ModelProto plain = locks->apply(model.structure);
    PayloadReader payloads(model);
    const auto records = graph_records(plain, payloads, sealed.plan);
    for (const GraphRecord& record : unknown_records(records, sealed.graph, sealed.salt_content)) {
      changed.unknown.push_back(record.label);
    }
  }

  std::vector<std::string> locations{""};
  const bool as_before = model.files.size() == sealed.plan.data_files.size() + 1;
  for (std::size_t i = 1; i < model.files.size(); ++i) {
    locations.push_back(as_before ? sealed.plan.data_files[i - 1] : data_file_name(out, i));
    changed.data_files.push_back((out.parent_path() / locations.back()).lexically_normal());
  }
  PayloadReader reader(model);
  const auto file = reader.bytes({0, 0, model.files[0].size});
  if (!file) return fail(file.error());
  MessageEdits edits(*file, model.frames);
  if (auto done = locks->apply(model, *file, edits); !done) return fail(done.error());
  if (auto done = rename_data_files(model, *file, locations, edits); !done) {
    return fail(done.error());
  }
  const auto inputs = paths_of(model);
  changed.job = inverse(encryption_job(changed.relocated.plan, groups, inputs));
  for (std::size_t i = 0; i < inputs.size(); ++i) changed.job.files[i].input = inputs[i];
  changed.job.files[0].edits = edits.finish();
  return changed;
}

}  // namespace permcrypt
