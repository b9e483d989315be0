#include "report/reasons.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace permcrypt {
namespace {

struct Meaning {
  std::string_view reason, words;
};

constexpr Meaning kMeanings[] = {
    {"graph input", "comes from an input whose order is the user's"},
    {"graph output", "leaves in an output whose order is the user's"},
    {"kernel axis", "spatial axis of a kernel: neighbours must stay neighbours"},
    {"spatial axis", "spatial axis: neighbours must stay neighbours"},
    {"cache grows", "the axis along which a cache grows"},
    {"causal mask", "a causal mask knows the positions in order"},
    {"Range", "positions are counted inside the model"},
    {"positions in order", "positions, which a fused operator counts"},
    {"rotary positions in order", "positions, which a fused rotary embedding counts"},
    {"time", "steps in time"},
    {"direction", "the two directions of a recurrent layer: one reads forward, one backward"},
    {"Scan runs in order", "Scan takes its steps in this order, each on what the last one made"},
    {"classes or features", "classes or features that an estimator lists in order"},
    {"Fourier transform", "a Fourier transform mixes it in order"},
    {"real and imaginary part", "pairs of real and imaginary parts"},
    {"numbers packed into one byte", "two numbers in one byte, whose order is the format's"},
    {"one number for each axis", "one number for each axis of a picture"},
    {"strided slice", "every n-th index is picked out"},
    {"resized", "space that is resized: what lies between neighbours is computed from them"},
    {"padded", "padded at an end, to a size that is open"},
    {"sparse initializer", kStoredSparsely},
    {"computed index", "read at positions that the model computes"},
    {"sliced at a computed position", "sliced at a position that the model computes"},
    {"sliced at a position known at run time only",
     "read up to a position that is known at run time only"},
    {"dynamic slice", "sliced at a position that is known at run time only"},
    {"dynamic extent", "its size is open"},
    {"meets a dynamic extent", "meets an axis whose size is open"},
    {"meets another dynamic extent", "meets an axis whose size is open"},
    {"reshaped along dynamic extents", "reshaped together with an axis whose size is open"},
    {"concatenated with a dynamic extent", "put beside something whose size is open"},
    {"ids come from a graph input", "indexed by ids from an input, and no lock could sit there"},
    {"used as a shape or index", "used as a shape or an index"},
    {"", "each of its indices has a use of its own"},
};

// Begin so: "computed by Clip", "com.microsoft.STFT pins: a spectrum".
constexpr std::string_view kComputed = "computed by ", kPins = " pins: ";

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
    const std::string reason = joined(reasons_of(axes, facts.axes[k].expr));
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

std::set<TensorId> sparse_parts(const onnx::GraphProto& graph) {
  std::set<TensorId> out;
  for (const auto& tensor : graph.sparse_initializer()) out.insert(tensor_id(tensor.values()));
  return out;
}

}  // namespace

std::string in_plain_words(std::string_view reason) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.reason == reason) return std::string(meaning.words);
  }
  if (reason.starts_with(kComputed)) {
    return "read at positions that the model computes, by " +
           std::string(reason.substr(kComputed.size()));
  }
  if (const auto at = reason.find(kPins); at != std::string_view::npos) {
    return "held by " + std::string(reason.substr(0, at)) + ": " +
           std::string(reason.substr(at + kPins.size()));
  }
  return std::string(reason);
}

void add_reasons(Analysis& analysis, Report& report) {
  const Graph& graph = analysis.locked.graph;
  Inference& inference = analysis.locked.inference;
  std::map<ExprId, GroupReport> still;
  std::vector<bool> used(report.tensors.size(), false);
  for (ValueId value = 0; value < graph.values.size(); ++value) {
    const TensorId id = graph.values[value].tensor;
    if (id == kNone) continue;
    TensorReport& tensor = report.tensors[id];
    used[id] = true;
    const ValueFacts& facts = inference.values[value];
    if (!tensor.counts || !facts.known) continue;
    tensor.why = why_still(inference.axes, facts, tensor);
    add_still_groups(inference.axes, facts, tensor, still);
  }
  const std::set<TensorId> sparse = sparse_parts(analysis.model->structure.graph());
  for (std::size_t id = 0; id < used.size(); ++id) {
    if (used[id] || !report.tensors[id].counts) continue;
    report.tensors[id].why =
        sparse.contains(static_cast<TensorId>(id)) ? kStoredSparsely : "part of an operator";
  }
  for (auto& [factor, group] : still) report.groups.push_back(std::move(group));
}

}  // namespace permcrypt
