#include "lock/cut_points.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "lock/trunk.h"

namespace permcrypt {
namespace {

bool is_float(std::int32_t type) {
  using T = onnx::TensorProto;
  return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
}

bool is_quantised(std::int32_t type) {
  return type == onnx::TensorProto::INT8 || type == onnx::TensorProto::UINT8;
}

// Memory traffic of a lock, least first: few elements; whole runs instead of single ones; then the
// first of a run of equals, which is the sum in front of a normalisation. Quantised values only
// where nothing else is left, as a lock between them and their scales breaks the runtime's fusions.
struct Cost {
  bool quantised = false;
  double elements = 1;
  bool innermost = false;
  auto operator<=>(const Cost&) const = default;
};

Cost cost_of(const ValueFacts& facts, std::uint32_t axis) {
  Cost cost;
  cost.quantised = !is_float(facts.type);
  for (const Axis& x : facts.axes) cost.elements *= static_cast<double>(x.a);
  cost.innermost = axis + 1 == facts.axes.size();
  return cost;
}

}  // namespace

bool can_cut(const CutPlace& place, const Inference& inference, const KeyScope& scope,
             std::size_t values) {
  if (place.value >= values || place.axis == kNone || !scope.can_lock(place.value)) return false;
  const ValueFacts& facts = inference.values[place.value];
  const Axis& axis = facts.axes[place.axis];
  return !axis.dynamic() && (is_float(facts.type) || is_quantised(facts.type));
}

std::vector<CutPoint> find_cut_points(const Graph& graph, Inference& inference, const Flow& flow,
                                      std::size_t values) {
  const KeyScope scope(graph);
  ConstraintGraph cuts = build_constraint_graph(graph, inference, flow);
  const std::vector<bool> trunk = find_trunk(flow, cuts);
  std::vector<CutPoint> out;
  for (std::size_t c = 0; c < cuts.classes.size(); ++c) {
    if (!cuts.classes[c].parts_matrices()) continue;
    std::optional<CutPlace> best;
    for (const CutPlace& p : cuts.classes[c].places) {
      if (!can_cut(p, inference, scope, values)) continue;
      const auto cost = [&](const CutPlace& x) {
        return cost_of(inference.values[x.value], x.axis);
      };
      if (!best || cost(p) < cost(*best)) best = p;
    }
    if (best) out.push_back({*best, trunk[c]});
  }
  // One lock permutes the whole axis: two factors that lie on it need no second one.
  const auto key = [&](const CutPoint& c) {
    return std::tuple(flow.position(flow.producer(c.place.value)), c.place.value, c.place.axis,
                      !c.trunk);
  };
  std::sort(out.begin(), out.end(), [&](const auto& x, const auto& y) { return key(x) < key(y); });
  const auto same = [](const CutPoint& x, const CutPoint& y) {
    return x.place.value == y.place.value && x.place.axis == y.place.axis;
  };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

}  // namespace permcrypt
