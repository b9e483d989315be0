// Statistics over some axes, and a parameter for each index of others.
#include <algorithm>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

// Operands are added or multiplied; statistics go over all axes from one on.
void normalise(Step& s, std::size_t first) {
  Axes x = s.fibred_axes(0);
  for (std::size_t k = 1; k < s.operands(); ++k) {
    if (!s.has(k)) continue;
    const Axes& parameter = s.fibred_axes(k);
    if (parameter.size() > x.size()) throw NotUnderstood{"a parameter of higher rank"};
    x = s.broadcast(x, parameter);
  }
  if (!x.empty()) s.must_share(x, first, x.size() - 1);
  Axes statistics = x;
  std::fill(statistics.begin() + static_cast<std::ptrdiff_t>(first), statistics.end(), s.unit());
  s.out(0, x, s.type(0));
  s.out(1, statistics, s.type(0));
  s.out(2, std::move(statistics), s.type(0));
  s.out(3, std::move(x), s.type(0));
}

void layer_norm(Step& s) { normalise(s, s.axis(s.attr("axis", -1), s.fibred_axes(0).size())); }
void skip_layer_norm(Step& s) { normalise(s, s.axis(-1, s.fibred_axes(0).size())); }

// x[n, c, ..] with a parameter for each channel.
void channel_norm(Step& s) {
  const Axes& x = s.fibred_axes(0);
  for (std::size_t k = 1; k < s.operands(); ++k) s.per_index(k, x.at(1));
  s.out(0, x, s.type(0));
}

// In training, of statistics over all but the channels, which are results as well.
void batch_norm(Step& s) {
  const bool training = s.attr("training_mode", 0) != 0;
  const Axis channels = training ? s.axes(0).at(1) : s.fibred_axes(0).at(1);
  channel_norm(s);
  for (std::size_t k = 1; training && k < s.results.size(); ++k) s.out(k, {channels}, s.type(3));
}

void instance_norm(Step& s) {
  const Axes& x = s.fibred_axes(0);
  if (x.size() > 2) s.must_share(x, 2, x.size() - 1);
  channel_norm(s);
}

// Groups of channels.
Axis groups_of(const Step& s, const Axis& channels, std::int64_t count) {
  const TermId groups = s.terms.constant(count);
  const auto each = s.terms.divide_exactly(channels.extent, groups);
  if (!each) throw NotUnderstood{"groups of unknown extent"};
  return s.divide(channels, groups, *each).first;
}

void group_norm(Step& s) {
  const Axis& channels = s.axes(0).at(1);
  const Axis group = groups_of(s, channels, s.attr("num_groups", 1));
  for (std::size_t k = 1; k < 3; ++k) s.per_index(k, s.node.opset < 21 ? group : channels);
  s.out(0, s.axes(0), s.type(0));
}

// x[n, .., c], a factor and a summand for each channel; with a skip [n, .., c] or [n, c] and a bias
// that are added before, and the sum as a result.
void group_norm_last(Step& s) {
  Axes x = s.axes(0);
  if (x.size() < 3) throw NotUnderstood{"no picture"};
  const std::size_t at = s.attr("channels_last", 1) != 0 ? x.size() - 1 : 1;
  if (s.has(3)) {
    Axes skip = s.axes(3);
    if (at == 1) throw NotUnderstood{"channels first"};
    if (skip.size() == 2) skip.insert(skip.begin() + 1, x.size() - 2, s.unit());
    x = s.broadcast(x, skip);
  }
  groups_of(s, x[at], s.attr("groups", 1));
  for (const std::size_t k : {1, 2, 4}) s.per_index(k, x[at]);
  s.out(0, x, s.type(0));
  s.out(1, std::move(x), s.type(0));
}

// Runs along the last axis as long as their factor; then times the activation of a gate.
void gated_rms_norm(Step& s) {
  const Axes &x = s.axes(0), &factor = s.axes(1);
  if (x.empty() || factor.size() != 1) throw NotUnderstood{"a parameter of unlike shape"};
  const auto runs = s.terms.divide_exactly(x.back().extent, factor[0].extent);
  if (!runs) throw NotUnderstood{"runs that do not divide"};
  s.equal_extents(s.divide(x.back(), *runs, factor[0].extent).second, factor[0]);
  s.out(0, s.broadcast(x, s.axes(2)), s.type(0));
}

const Entry kEntries[] = {
    {"", "LayerNormalization", layer_norm},
    {"", "SimplifiedLayerNormalization", layer_norm},
    {"", "RMSNormalization", layer_norm},
    {"com.microsoft", "LayerNormalization", layer_norm},
    {"com.microsoft", "SimplifiedLayerNormalization", layer_norm},
    {"com.microsoft", "SkipLayerNormalization", skip_layer_norm},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", skip_layer_norm},
    {"", "BatchNormalization", batch_norm},
    {"", "InstanceNormalization", instance_norm},
    {"", "GroupNormalization", group_norm},
    {"com.microsoft", "GroupNorm", group_norm_last},
    {"com.microsoft", "SkipGroupNorm", group_norm_last},
    {"com.microsoft", "GatedRMSNorm", gated_rms_norm},
};

}  // namespace

std::span<const Entry> normalisation_definitions() { return kEntries; }

}  // namespace permcrypt::proof
