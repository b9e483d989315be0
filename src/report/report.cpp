#include "permcrypt/report.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/hex.h"
#include "permcrypt/permutation.h"
#include "report/advice.h"
#include "report/cache_sides.h"
#include "report/coverage.h"
#include "report/reasons.h"
#include "verify/tensor_data.h"

namespace permcrypt {
namespace {

std::uint64_t bytes_of(const Tensor& tensor) {
  if (tensor.payload) return tensor.payload->length;
  std::uint64_t bits = static_cast<std::uint64_t>(element_bits(tensor.type));
  for (const std::int64_t extent : tensor.shape) bits *= static_cast<std::uint64_t>(extent);
  return (bits + 7) / 8;
}

void collect_groups(const AxisMap& map, std::set<std::uint32_t>& out) {
  if (map.kind == AxisMap::Kind::kGroup) out.insert(map.group);
  for (const AxisMap& part : map.parts) collect_groups(part, out);
}

double bits_of(const PlanGroup& group) {
  return permutation_bits(group.size) * static_cast<double>(group.fibres);
}

double group_bits(const std::set<std::uint32_t>& groups, const Plan& plan) {
  double bits = 0;
  for (const std::uint32_t g : groups) bits += bits_of(plan.groups[g]);
  return bits;
}

// A lock tells no more keys apart than there are orders of its axis, nor than its groups have.
LockReport report_lock(const PlanLock& lock, const Plan& plan) {
  std::set<std::uint32_t> groups;
  collect_groups(lock.upstream, groups);
  collect_groups(lock.downstream, groups);
  LockReport out{lock.value, lock.axis, lock.upstream.extent, lock.kind, 0, Carrier::kKey, 1};
  out.bits = std::min(permutation_bits(out.size), group_bits(groups, plan));
  out.carrier = lock.carrier;
  if (!lock.joint.empty()) out.axes = static_cast<std::uint32_t>(lock.joint.digits.size());
  return out;
}

TensorReport plain_tensor(const Tensor& tensor, const std::vector<std::int64_t>& shape) {
  TensorReport out;
  out.name = tensor.scope + tensor.name;
  out.shape = shape;
  out.type = type_name(tensor.type);
  out.bytes = bytes_of(tensor);
  for (const std::int64_t extent : shape) {
    AxisMap still;
    still.extent = static_cast<std::uint64_t>(extent);
    out.axes.push_back(still);
  }
  return out;
}

// Where the payload of a planned tensor lies once the edits are made.
ByteSpan moved_span(ByteSpan span, const std::vector<Edit>& edits) {
  std::uint64_t offset = span.offset;
  for (const Edit& edit : edits) {
    if (edit.file == span.file && edit.offset < span.offset) {
      offset += edit.replacement.size() - edit.original.size();
    }
  }
  span.offset = offset;
  return span;
}

using SpanKey = std::pair<std::uint32_t, std::uint64_t>;

// The axes of what the plan moves, by where its elements lie.
std::map<SpanKey, const std::vector<AxisMap>*> by_span(const Plan& plan, bool encrypted) {
  std::map<SpanKey, const std::vector<AxisMap>*> out;
  const auto add = [&](const ByteSpan& payload, const std::vector<AxisMap>& axes) {
    const ByteSpan span = encrypted ? moved_span(payload, plan.edits) : payload;
    out[{span.file, span.offset}] = &axes;
  };
  for (const PlanTensor& tensor : plan.tensors) add(tensor.payload, tensor.axes);
  for (const PlanSparse& sparse : plan.sparse) add(sparse.values, sparse.axes);
  return out;
}

void add_groups(const Plan& plan, Report& report) {
  for (const PlanGroup& group : plan.groups) {
    GroupReport out;
    out.id = hex_encode({reinterpret_cast<const char*>(group.id.data()), group.id.size()});
    out.role = group.role;
    out.size = group.size;
    out.fibres = group.fibres;
    out.bits = bits_of(group);
    report.group_bits += out.bits;
    report.groups.push_back(std::move(out));
  }
  for (const TensorReport& tensor : report.tensors) {
    for (std::size_t k = 0; k < tensor.axes.size(); ++k) {
      std::set<std::uint32_t> groups;
      collect_groups(tensor.axes[k], groups);
      for (const std::uint32_t g : groups) report.groups[g].uses.push_back({tensor.name, k});
    }
  }
}

void add_locks(const Plan& plan, Report& report) {
  std::set<std::uint32_t> groups;
  double bits = 0;
  for (const PlanLock& lock : plan.locks) {
    report.locks.push_back(report_lock(lock, plan));
    bits += report.locks.back().bits;
    collect_groups(lock.upstream, groups);
    collect_groups(lock.downstream, groups);
  }
  report.caches = plan.caches;
  report.key_bits = std::min(bits, group_bits(groups, plan));
}

Report report_plan(const Model& model, const Plan& plan, bool encrypted) {
  Report report;
  const auto planned = by_span(plan, encrypted);
  auto sparse = model.sparse.begin();  // in the order of their values
  for (TensorId id = 0; id < model.tensors.size(); ++id) {
    const Tensor& tensor = model.tensors[id];
    const bool stands_for_more = sparse != model.sparse.end() && sparse->values == id;
    TensorReport out = plain_tensor(tensor, stands_for_more ? sparse++->shape : tensor.shape);
    if (tensor.payload) {
      const auto it = planned.find({tensor.payload->file, tensor.payload->offset});
      if (it != planned.end()) out.axes = *it->second;
    }
    classify(out, tensor.type);
    report.tensors.push_back(std::move(out));
  }
  report.coverage = coverage_of(report.tensors);
  add_groups(plan, report);
  add_locks(plan, report);
  return report;
}

void add_unknown(const std::map<std::string, int>& counts, Report& report) {
  for (const auto& [what, nodes] : counts) {
    report.unknown_ops.push_back(what + ": " + std::to_string(nodes) +
                                 (nodes == 1 ? " node" : " nodes"));
  }
}

}  // namespace

Report report_encrypted(const Model& encrypted, const Plan& plan) {
  return report_plan(encrypted, plan, true);
}

Report report_structure(const Model& model) { return report_plan(model, Plan{}, false); }

Report report_analysis(Analysis& analysis) {
  Report report = report_plan(*analysis.model, analysis.plan, false);
  add_reasons(analysis, report);
  report.advice = advise(analysis, report);
  add_unknown(analysis.locked.inference.unknown_ops, report);
  add_unknown(analysis.locked.inference.gave_up, report);
  report.warnings = analysis.locked.warnings;
  std::ranges::copy(warn_of_one_sided_caches(analysis), std::back_inserter(report.warnings));
  report.notes = analysis.locked.inference.notes;
  std::ranges::copy(analysis.locked.notes, std::back_inserter(report.notes));
  for (const auto& [name, extent] : analysis.plan.bound_dims) {
    report.notes.push_back("the dimension " + name + " is taken to be " + std::to_string(extent));
  }
  return report;
}

}  // namespace permcrypt
