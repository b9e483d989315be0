#include "report/reasons.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "infer/plain_words.h"

namespace permcrypt {
namespace {

// The reasons of all parts of an axis that stay, each once, in order.
std::vector<std::string> reasons_of(AxisStore& axes, ExprId axis) {
  std::vector<std::string> out;
  for (const ExprId factor : axes.factors(axis)) {
    if (axes.is_free(factor) || axes.size(factor) < 2) continue;
    std::string reason = axes.is_dynamic(factor) ? "dynamic extent" : axes.why(factor);
    if (reason.empty()) continue;
    if (std::find(out.begin(), out.end(), reason) == out.end()) out.push_back(std::move(reason));
  }
  if (out.empty()) out.emplace_back();  // a sum of single indices
  return out;
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string out;
  for (const std::string& reason : reasons)
    out += (out.empty() ? "" : ", ") + in_plain_words(reason);
  return out;
}

// "axis 0: ...; axis 2: ...". Axes that stay for one reason are named together.
std::string why_still(AxisStore& axes, const ValueFacts& facts, const TensorReport& tensor) {
  std::vector<std::pair<std::string, std::string>> by_reason;  // reason, axes
  for (std::size_t k = 0; k < facts.axes.size() && k < tensor.axes.size(); ++k) {
    if (tensor.axes[k].extent < 2 || tensor.axes[k].moves()) continue;
    std::string reason = joined(reasons_of(axes, facts.axes[k].expr));
    if (reason.empty()) reason = "comes apart into single elements";
    const auto same = std::find_if(by_reason.begin(), by_reason.end(),
                                   [&](const auto& entry) { return entry.first == reason; });
    if (same == by_reason.end()) {
      by_reason.emplace_back(reason, std::to_string(k));
    } else {
      same->second += ", " + std::to_string(k);
    }
  }
  std::string out;
  for (const auto& [reason, which] : by_reason) {
    out += (out.empty() ? "axis " : "; axis ") + which + ": " + reason;
  }
  return out;
}

void add_still_groups(AxisStore& axes, const ValueFacts& facts, const TensorReport& tensor,
                      std::map<ExprId, GroupReport>& still) {
  for (std::size_t k = 0; k < facts.axes.size(); ++k) {
    for (const ExprId factor : axes.factors(facts.axes[k].expr)) {
      if (axes.is_free(factor) || axes.size(factor) < 2) continue;
      GroupReport& group = still[factor];
      group.free = false;
      group.size = static_cast<std::uint64_t>(axes.size(factor));
      if (group.uses.empty() || group.uses.back().tensor != tensor.name ||
          group.uses.back().axis != k) {
        group.uses.push_back({tensor.name, k});
      }
      if (group.reasons.empty()) group.reasons = {in_plain_words(axes.why(factor))};
    }
  }
}

}  // namespace

void add_reasons(Analysis& analysis, Report& report) {
  const Graph& graph = analysis.locked.graph;
  Inference& inference = analysis.locked.inference;
  std::map<ExprId, GroupReport> still;
  std::vector<bool> used(report.tensors.size(), false);
  for (ValueId value = 0; value < graph.values.size(); ++value) {
    const TensorId id = graph.stored(value);
    if (id == kNone) continue;
    TensorReport& tensor = report.tensors[id];
    used[id] = true;
    const ValueFacts& facts = inference.values[value];
    if (!tensor.counts || !facts.known) continue;
    tensor.why = why_still(inference.axes, facts, tensor);
    add_still_groups(inference.axes, facts, tensor, still);
  }
  for (std::size_t id = 0; id < used.size(); ++id) {
    if (!used[id] && report.tensors[id].counts) report.tensors[id].why = "part of an operator";
  }
  for (auto& [factor, group] : still) report.groups.push_back(std::move(group));
}

}  // namespace permcrypt
