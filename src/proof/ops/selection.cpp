// Operators that keep, reverse or overwrite a part of some axes: positions along these have a
// meaning, the other axes pass.
#include <numeric>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

void compress(Step& s) {
  s.must_be_plain(1);
  const Axis chosen = s.plain(s.terms.unknown_extent());
  Axes out = s.axes(0);
  if (!s.attribute("axis")) {
    for (const Axis& axis : out) s.in_order(axis);
    out = {chosen};
  } else {
    Axis& axis = out[s.axis(s.attr("axis", 0), out.size())];
    s.in_order(axis);
    axis = chosen;
  }
  s.out(0, std::move(out), s.type(0));
}

// x, how many of each item of the batch
void reverse_sequence(Step& s) {
  Axes out = s.axes(0);
  s.per_index(1, out[s.axis(s.attr("batch_axis", 1), out.size())]);
  Axis& time = out[s.axis(s.attr("time_axis", 0), out.size())];
  time = s.in_order(time);
  s.out(0, std::move(out), s.type(0));
}

void center_crop_pad(Step& s) {
  Axes out = s.axes(0);
  std::vector<std::int64_t> axes(out.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = s.attr_ints("axes").value_or(axes);
  const Ints& extents = s.ints(1);
  if (extents.size() != axes.size()) throw NotUnderstood{"extents of another number"};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[s.axis(axes[i], out.size())];
    if (axis.extent == extents[i]) continue;
    s.in_order(axis);
    axis = s.plain(extents[i]);
  }
  s.out(0, std::move(out), s.type(0));
}

// cache, update, where along the axis the update of each item of the batch begins
void tensor_scatter(Step& s) {
  const Axes &cache = s.fibred_axes(0), &update = s.fibred_axes(1);
  if (cache.size() != update.size()) throw NotUnderstood{"operands of unlike rank"};
  const std::size_t k = s.axis(s.attr("axis", -2), cache.size());
  Axes out = cache;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i != k) out[i] = s.equal_extents(cache[i], update[i]);
  }
  s.in_order(update[k]);
  out[k] = s.in_order(cache[k]);
  for (const Axes* operand : {&cache, &update}) {
    if (const auto lead = s.lead_of(*operand)) s.follow(*operand, out[*lead]);
  }
  s.per_index(2, out[0]);
  s.out(0, std::move(out), s.type(0));
}

// x[.., v], a list of any rank: what it lists, along the last axis
void array_feature_extractor(Step& s) {
  Axes out = s.axes(0);
  if (out.empty()) throw NotUnderstood{"no axis to pick from"};
  s.must_be_plain(1);
  s.in_order(out.back());
  out.back() = s.product(s.axes(1));
  if (out.size() == 1) out.insert(out.begin(), s.unit());
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"", "Compress", compress},
    {"", "ReverseSequence", reverse_sequence},
    {"", "CenterCropPad", center_crop_pad},
    {"", "TensorScatter", tensor_scatter},
    {"ai.onnx.ml", "ArrayFeatureExtractor", array_feature_extractor},
};

}  // namespace

std::span<const Entry> selection_definitions() { return kEntries; }

}  // namespace permcrypt::proof
