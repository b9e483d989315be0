// Normalisations: statistics over some axes, parameters along one.
#include "infer/registry.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

void layer_norm(RuleCall& c) {
  const Operand& x = c.in(0);
  const int k = c.attr_axis("axis", -1, c.rank(0));
  for (std::size_t i = 1; i < c.inputs(); ++i) {
    if (c.has(i)) c.broadcast(x.axes, c.in(i).axes);
  }
  std::vector<Axis> statistics = x.axes;
  for (std::size_t i = static_cast<std::size_t>(k); i < statistics.size(); ++i)
    statistics[i] = c.unit();
  c.out(0, x.axes, x.type);
  c.out(1, statistics, T::FLOAT);
  c.out(2, std::move(statistics), T::FLOAT);
}

void skip_layer_norm(RuleCall& c) {
  std::vector<Axis> sum = c.broadcast(c.in(0).axes, c.in(1).axes);
  for (std::size_t i = 2; i < c.inputs(); ++i) {
    if (c.has(i)) c.broadcast(sum, c.in(i).axes);
  }
  if (sum.empty()) c.give_up("scalar operand");
  std::vector<Axis> statistics = sum;
  statistics.back() = c.unit();
  c.out(0, sum, c.in(0).type);
  c.out(1, statistics, T::FLOAT);
  c.out(2, std::move(statistics), T::FLOAT);
  c.out(3, std::move(sum), c.in(0).type);
}

// x and gate [..,h*c], scale [c]: normalised by runs of c.
void gated_rms_norm(RuleCall& c) {
  const Operand &x = c.in(0), &scale = c.in(1);
  if (x.axes.empty() || scale.axes.size() != 1 || scale.axes[0].dynamic() || scale.axes[0].a < 1) {
    c.give_up("parameter of unlike rank");
  }
  const Axis& run = scale.axes[0];
  if (x.axes.back().a % run.a != 0 || x.axes.back().b % run.a != 0) c.give_up("runs do not divide");
  c.align({x.axes.back()}, {c.free(x.axes.back().a / run.a, x.axes.back().b / run.a), run});
  c.out(0, c.broadcast(x.axes, c.in(2).axes), x.type);
}

// Statistics per channel (axis 1), or given: parameters along the channels either way.
void channel_norm(RuleCall& c) {
  const Operand& x = c.in(0);
  if (c.rank(0) < 2) c.give_up("no channel axis");
  for (std::size_t i = 1; i < c.inputs(); ++i) c.per_index(&c.in(i), x.axes[1]);
  c.out(0, x.axes, x.type);
  for (std::size_t i = 1; i < c.node.outputs.size(); ++i) c.out(i, {x.axes[1]}, T::FLOAT);
}

void normalise_groups(RuleCall& c, const Operand& x, const Axis& channels, std::int64_t groups,
                      std::size_t parameters) {
  const auto [group, rest] = c.divide(channels, groups);
  for (std::size_t i = 1; i <= parameters; ++i) {
    const Operand& p = c.in(i);
    if (p.axes.size() != 1) c.give_up("parameter of unlike rank");
    c.unify(p.axes[0], p.axes[0].same_extent(channels) ? channels : group);
  }
  c.out(0, x.axes, x.type);
}

void group_norm(RuleCall& c) {
  const Operand& x = c.in(0);
  if (c.rank(0) < 2) c.give_up("no channel axis");
  normalise_groups(c, x, x.axes[1], c.attr("num_groups", 1), 2);
}

void contrib_group_norm(RuleCall& c) {  // channels last unless channels_last = 0
  const Operand& x = c.in(0);
  if (c.rank(0) < 2 || c.inputs() != 3) c.give_up("form not handled");
  normalise_groups(c, x, c.attr("channels_last", 1) ? x.axes.back() : x.axes[1],
                   c.attr("groups", 1), 2);
}

// x, gamma, beta, skip [n,..,c] or [n,c], bias [c]; also their sum.
void skip_group_norm(RuleCall& c) {
  const Operand &x = c.in(0), &skip = c.in(3);
  if (c.rank(0) < 2 || skip.axes.size() < 2 || !c.attr("channels_last", 1)) {
    c.give_up("form not handled");
  }
  if (skip.axes.size() == x.axes.size()) {
    c.broadcast(x.axes, skip.axes);
  } else {
    c.broadcast({x.axes.front(), x.axes.back()}, skip.axes);
  }
  c.per_index(c.optional(4), x.axes.back());
  normalise_groups(c, x, x.axes.back(), c.attr("groups", 1), 2);
  c.out(1, x.axes, x.type);
}

void mean_variance(RuleCall& c) { c.out(0, c.in(0).axes, c.in(0).type); }

constexpr auto kLayer = "([..,h],[h],[h])->([..,h])";
constexpr auto kSkip = "([..,h],[..,h],[h],[h],[h])->([..,h])";

const OpRule kRules[] = {
    {"", "LayerNormalization", 1, kAnyOpset, kLayer, layer_norm},
    {"", "RMSNormalization", 1, kAnyOpset, kLayer, layer_norm},
    {"", "SimplifiedLayerNormalization", 1, kAnyOpset, kLayer, layer_norm},
    {"com.microsoft", "SimplifiedLayerNormalization", 1, kAnyOpset, kLayer, layer_norm},
    {"com.microsoft", "LayerNormalization", 1, kAnyOpset, kLayer, layer_norm},
    {"com.microsoft", "SkipLayerNormalization", 1, kAnyOpset, kSkip, skip_layer_norm},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, kAnyOpset, kSkip, skip_layer_norm},
    {"com.microsoft", "GatedRMSNorm", 1, kAnyOpset, "([..,h*c],[c],[..,h*c])->([..,h*c])",
     gated_rms_norm},
    {"", "BatchNormalization", 1, kAnyOpset, "([n,c,..],[c],[c],[c],[c])->([n,c,..])",
     channel_norm},
    {"", "InstanceNormalization", 1, kAnyOpset, "([n,c,..],[c],[c])->([n,c,..])", channel_norm},
    {"", "GroupNormalization", 18, kAnyOpset, "([n,g*r,..],[g*r],[g*r])->([n,g*r,..])", group_norm},
    {"com.microsoft", "GroupNorm", 1, kAnyOpset, "([n,..,g*r],[g*r],[g*r])->([n,..,g*r])",
     contrib_group_norm},
    {"com.microsoft", "SkipGroupNorm", 1, kAnyOpset,
     "([n,..,g*r],[g*r],[g*r],[n,..,g*r],[g*r])->([n,..,g*r],[n,..,g*r])", skip_group_norm},
    {"", "MeanVarianceNormalization", 1, kAnyOpset, "(x)->(x)", mean_variance},
};

}  // namespace

std::span<const OpRule> normalisation_rules() { return kRules; }

}  // namespace permcrypt
