#include "lock/still_axes.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/quote.h"
#include "infer/plain_words.h"
#include "lock/constraint_graph.h"

namespace permcrypt {
namespace {

// The value as the model sees it: in front of its first map when it is an output, behind its last
// when it is an input.
ValueId inner_value(ValueId value, Carrier side, const LockedGraph& tried) {
  ValueId inner = value;
  for (const LockSite& map : tried.locks) {
    if (map.value != value || map.carrier != side) continue;
    if (side == Carrier::kOutput) return map.before;
    inner = map.behind;
  }
  return inner;
}

std::string why_still(AxisStore& axes, const Axis& axis) {
  if (axis.dynamic()) return "dynamic extent";
  for (const ExprId factor : axes.factors(axis.expr)) {
    if (axes.is_free(factor)) return "";
  }
  for (const ExprId factor : axes.factors(axis.expr)) {
    if (axes.size(factor) > 1 && !axes.why(factor).empty()) return axes.why(factor);
  }
  return "";
}

std::string line_of(const Graph& original, ValueId value, Carrier side, LockedGraph& tried) {
  const ValueFacts& facts = tried.inference.values[inner_value(value, side, tried)];
  const std::string name = in_quotes(original.values[value].name);
  if (!facts.known) return name + " stays in order: its shape is not known";
  std::string out;
  for (std::size_t k = 0; k < facts.axes.size(); ++k) {
    const Axis& axis = facts.axes[k];
    if (axis.unit() || (k == 0 && axis.dynamic())) continue;  // batches have no order to hide
    const std::string why = why_still(tried.inference.axes, axis);
    if (why.empty()) continue;
    out += (out.empty() ? "" : ", ") + ("axis " + std::to_string(k)) + " (" + in_plain_words(why) +
           ")";
  }
  return out.empty() ? "" : name + " stays in order on " + out;
}

}  // namespace

std::vector<std::string> still_axes(const Graph& original, LockedGraph& tried) {
  std::vector<std::string> out;
  std::set<ValueId> caches;
  for (const CachePair& pair : tried.inference.caches) caches.insert({pair.past, pair.present});
  const auto add = [&](const std::vector<ValueId>& values, Carrier side) {
    for (const ValueId value : values) {
      if (caches.contains(value)) continue;
      if (std::string line = line_of(original, value, side, tried); !line.empty()) {
        out.push_back(std::move(line));
      }
    }
  };
  add(original.bodies[0].inputs, Carrier::kInput);
  add(original.bodies[0].outputs, Carrier::kOutput);
  return out;
}

std::string why_nothing_moves(const Graph& original, Inference& inference) {
  std::map<std::string, double> elements;
  for (ValueId v = 0; v < original.values.size(); ++v) {
    const ValueFacts& facts = inference.values[v];
    if (!original.values[v].is_constant() || !is_weight_type(facts.type)) continue;
    double count = 1;
    std::set<std::string> reasons;
    for (const Axis& axis : facts.axes) {
      count *= static_cast<double>(axis.a);
      if (!axis.unit()) reasons.insert(why_still(inference.axes, axis));
    }
    for (const std::string& why : reasons) elements[why] += count;
  }
  elements.erase("");
  const auto most =
      std::ranges::max_element(elements, {}, [](const auto& entry) { return entry.second; });
  return most == elements.end() ? "" : most->first;
}

}  // namespace permcrypt
