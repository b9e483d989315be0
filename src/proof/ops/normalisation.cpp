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

void batch_norm(Step& s) {
  if (s.attr("training_mode", 0) != 0) throw NotUnderstood{"training"};
  channel_norm(s);
}

void instance_norm(Step& s) {
  const Axes& x = s.fibred_axes(0);
  if (x.size() > 2) s.must_share(x, 2, x.size() - 1);
  channel_norm(s);
}

void group_norm(Step& s) {
  const Axis& channels = s.axes(0).at(1);
  const TermId groups = s.terms.constant(s.attr("num_groups", 1));
  const auto each = s.terms.divide_exactly(channels.extent, groups);
  if (!each) throw NotUnderstood{"groups of unknown extent"};
  const auto [group, rest] = s.divide(channels, groups, *each);
  for (std::size_t k = 1; k < 3; ++k) s.per_index(k, s.node.opset < 21 ? group : channels);
  s.out(0, s.axes(0), s.type(0));
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
};

}  // namespace

std::span<const Entry> normalisation_definitions() { return kEntries; }

}  // namespace permcrypt::proof
