// Operators that keep, reverse or overwrite a part of some axes, which stay; the others pass.
#include "infer/registry.h"

namespace permcrypt {
namespace {

void compress(RuleCall& c) {
  Operand& x = c.in(0);
  c.pin(c.in(1), "chosen by position");
  const Axis chosen = c.unknown_extent("chosen at run time");
  if (!c.attribute("axis")) {
    c.pin(x, "chosen by position");
    return c.out(0, {chosen}, x.type);
  }
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  c.pin(x.axes[k], "chosen by position");
  std::vector<Axis> out = x.axes;
  out[k] = chosen;
  c.out(0, std::move(out), x.type);
}

void reverse_sequence(RuleCall& c) {
  const Operand &x = c.in(0), &lengths = c.in(1);
  const auto batch = static_cast<std::size_t>(c.attr_axis("batch_axis", 1, c.rank(0)));
  const auto time = static_cast<std::size_t>(c.attr_axis("time_axis", 0, c.rank(0)));
  if (lengths.axes.size() != 1) c.give_up("lengths of unlike rank");
  c.unify(x.axes[batch], lengths.axes[0], true);
  c.pin(x.axes[time], "time");
  c.out(0, x.axes, x.type);
}

void center_crop_pad(RuleCall& c) {
  const Operand& x = c.in(0);
  const IntsPair extents = c.require_ints(1);
  auto list = c.attr_ints("axes");
  if (!list) {
    list.emplace();
    for (int k = 0; k < c.rank(0); ++k) list->push_back(k);
  }
  if (list->size() != extents.a.size()) c.give_up("axes and extents of unlike number");
  std::vector<Axis> out = x.axes;
  for (std::size_t i = 0; i < list->size(); ++i) {
    Axis& axis = out[static_cast<std::size_t>(c.to_axis((*list)[i], c.rank(0)))];
    const std::int64_t a = extents.a[i], b = extents.b[i];
    if (axis.a == a && axis.b == b) continue;
    c.pin(axis, "cropped or padded");
    axis = c.fixed(a, b, "cropped or padded");
  }
  c.out(0, std::move(out), x.type);
}

// cache, update, positions at which each row's update begins
void tensor_scatter(RuleCall& c) {
  const Operand &cache = c.in(0), &update = c.in(1);
  if (cache.axes.size() != update.axes.size()) c.give_up("operands of unlike rank");
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", -2, c.rank(0)));
  for (std::size_t i = 0; i < cache.axes.size(); ++i) {
    if (i == k) {
      c.pin(cache.axes[i], "written at positions");
      c.pin(update.axes[i], "written at positions");
    } else {
      c.unify(cache.axes[i], update.axes[i], true);
    }
  }
  if (c.has(2)) c.unify(c.in(2).axes.at(0), cache.axes[0], true);
  c.out(0, cache.axes, cache.type);
}

// Like Gather along the last axis, by the elements of a list of any rank.
void array_feature_extractor(RuleCall& c) {
  const Operand &x = c.in(0), &index = c.in(1);
  if (x.axes.empty() || index.label == kNone) c.give_up("no axis to index");
  c.pin(x.axes.back(), "classes or features");
  c.labels.pin(index.label, "classes or features");
  std::vector<Axis> out(x.axes.begin(), x.axes.end() - 1);
  if (out.empty()) out.push_back(c.unit());
  out.push_back(c.product(index.axes));
  c.out(0, std::move(out), x.type);
}

// A renumbering of rows and columns alike keeps the determinant.
void det(RuleCall& c) {
  const Operand& x = c.in(0);
  if (x.axes.size() < 2) c.give_up("no matrix");
  c.unify(x.axes[x.axes.size() - 2], x.axes.back(), true);
  c.out(0, std::vector<Axis>(x.axes.begin(), x.axes.end() - 2), x.type);
}

const OpRule kRules[] = {
    {"", "Compress", 9, kAnyOpset, "([!i,j],[!i])->([!n,j]): chosen by position", compress},
    {"", "ReverseSequence", 10, kAnyOpset, "([!t,b,..],[b])->([!t,b,..])", reverse_sequence},
    {"", "CenterCropPad", 18, kAnyOpset, "([!i,j])->([!n,j]): cropped axes stay", center_crop_pad},
    {"", "TensorScatter", 24, kAnyOpset, "([b,..,!t,d],[b,..,!s,d],[b])->([b,..,!t,d])",
     tensor_scatter},
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, kAnyOpset, "([..,!v],[i,j])->([..,i*j])",
     array_feature_extractor},
    {"", "Det", 11, kAnyOpset, "([..,i,i])->([..])", det},
};

}  // namespace

std::span<const OpRule> selection_rules() { return kRules; }

}  // namespace permcrypt
