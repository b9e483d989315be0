// Pools: batch and channels move; a pool does not see the order within a window, and windows that
// do not overlap may change places.
#include "infer/registry.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

void pool_over(RuleCall& c, bool channels_last) {
  Image x = image_of(c, c.in(0), channels_last);
  const auto kernel = c.attr_ints("kernel_shape");
  if (!kernel || kernel->size() != x.space.size()) c.give_up("kernel of unlike rank");
  const auto windows = windows_of(c, *kernel);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    x.space[i] = slide(c, x.space[i], nullptr, windows[i]);
  }
  c.out(0, x.axes(), c.in(0).type);
}

void pool(RuleCall& c) { pool_over(c, false); }
void nhwc_pool(RuleCall& c) { pool_over(c, true); }

// The indices number the elements of the whole input: when they are wanted, nothing of it moves.
void max_pool(RuleCall& c) {
  const bool indices = c.node.outputs.size() > 1 && c.node.outputs[1] != kNone;
  if (indices) c.pin(c.in(0), "flat indices of MaxPool");
  pool_over(c, false);
  if (indices) c.out(1, c.results[0].operand.axes, T::INT64);
}

void max_unpool(RuleCall& c) {
  for (const std::size_t k : {0, 1}) c.pin(c.in(k), "flat indices of MaxUnpool");
  const Image x = image_of(c, c.in(0));
  std::vector<Axis> out = x.axes();
  if (c.has(2)) {
    const IntsPair shape = c.require_ints(2);
    if (shape.a.size() != out.size()) c.give_up("output shape of unlike rank");
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = c.fixed(shape.a[i], shape.b[i], "flat indices of MaxUnpool");
    }
    return c.out(0, std::move(out), c.in(0).type);
  }
  const auto kernel = c.attr_ints("kernel_shape");
  if (!kernel || kernel->size() != x.space.size()) c.give_up("kernel of unlike rank");
  const auto windows = windows_of(c, *kernel);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const Window& w = windows[i];
    const std::int64_t grown = w.kernel - w.stride - w.before - w.after;
    out[i + 2] = c.fixed(x.space[i].a * w.stride + grown, x.space[i].b * w.stride + grown,
                         "flat indices of MaxUnpool");
  }
  c.out(0, std::move(out), c.in(0).type);
}

void pool_all(RuleCall& c, bool channels_last) {
  Image x = image_of(c, c.in(0), channels_last);
  for (Axis& axis : x.space) axis = c.unit();
  c.out(0, x.axes(), c.in(0).type);
}

void global_pool(RuleCall& c) { pool_all(c, false); }

void quantised(RuleCall& c) {
  for (std::size_t k = 1; k < c.inputs(); ++k) require_scalar(c, k);
}

void qlinear_pool(RuleCall& c) {
  quantised(c);
  pool_over(c, c.attr("channels_last", 0) != 0);
}

void qlinear_global_pool(RuleCall& c) {
  quantised(c);
  pool_all(c, c.attr("channels_last", 0) != 0);
}

// X [n,c,h,w], regions [r,4 or 5] -> [r,c,..]
void pool_regions(RuleCall& c, std::int64_t height, std::int64_t width) {
  const Image x = image_of(c, c.in(0));
  if (c.rank(1) != 2) c.give_up("regions are no matrix");
  for (const Axis& axis : x.space) c.pin(axis, "regions are cut out of it");
  c.pin(x.batch, "chosen by index");
  c.pin(c.in(1).axes[1], "coordinates");
  const Axis region = c.in(1).axes[0];
  if (c.has(2)) c.unify(region, c.in(2).axes.at(0), true);
  c.out(0, {region, x.channels, c.fixed(height, "region"), c.fixed(width, "region")}, c.in(0).type);
}

void roi_align(RuleCall& c) {
  if (c.rank(2) != 1) c.give_up("batch indices are no list");
  pool_regions(c, c.attr("output_height", 1), c.attr("output_width", 1));
}

void max_roi_pool(RuleCall& c) {
  const auto shape = c.attr_ints("pooled_shape");
  if (!shape || shape->size() != 2) c.give_up("pooled_shape missing");
  pool_regions(c, (*shape)[0], (*shape)[1]);
}

// ONNX Runtime's blocked layout: [n, C, h, w] by its shape, but in memory blocks of 8 or 16
// channels as suited the machine that saved the model. The file does not tell which, so nothing can
// move.
constexpr auto kBlocked = "channels lie in blocks of a size that the file does not tell";

void blocked_conv(RuleCall& c) {
  for (std::size_t k = 0; k < c.inputs(); ++k) {
    if (c.has(k)) c.pin(c.in(k), kBlocked);
  }
  Image x = image_of(c, c.in(0));
  const auto& w = c.in(1).axes;
  if (w.size() != x.space.size() + 2) c.give_up("kernel of unlike rank");
  std::vector<std::int64_t> kernel;
  for (std::size_t i = 2; i < w.size(); ++i) kernel.push_back(w[i].a);
  const auto windows = windows_of(c, kernel);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    x.space[i] = c.fixed(windows[i].count(x.space[i].a), windows[i].count(x.space[i].b), kBlocked);
  }
  x.channels = c.fixed(w[0].a, kBlocked);
  c.out(0, x.axes(), c.in(0).type);
}

void blocked_pool(RuleCall& c) {
  c.pin(c.in(0), kBlocked);
  pool_over(c, false);
  c.pin(c.results[0].operand, kBlocked);
}

void blocked_global_pool(RuleCall& c) {
  c.pin(c.in(0), kBlocked);
  pool_all(c, false);
}

void reorder_input(RuleCall& c) {
  c.pin(c.in(0), kBlocked);
  Image x = image_of(c, c.in(0), c.attr("channels_last", 0) != 0);
  x.channels_last = false;
  const bool whole = !x.channels.dynamic() && x.channels.a % 16 == 0;
  if (!whole) x.channels = c.unknown_extent(kBlocked);
  c.out(0, x.axes(), c.in(0).type);
}

void reorder_output(RuleCall& c) {
  c.pin(c.in(0), kBlocked);
  Image x = image_of(c, c.in(0));
  x.channels = c.fixed(c.attr("channels", 0), kBlocked);
  x.channels_last = c.attr("channels_last", 0) != 0;
  c.out(0, x.axes(), c.in(0).type);
}

void blocked_upsample(RuleCall& c) {
  c.pin(c.in(0), kBlocked);
  Image x = image_of(c, c.in(0));
  const auto scales = c.attr_ints("scales");
  if (!scales || scales->size() != x.space.size() + 2) c.give_up("scales missing");
  for (std::size_t i = 0; i < x.space.size(); ++i) {
    x.space[i] = c.product({x.space[i], c.fixed((*scales)[i + 2], kBlocked)});
  }
  c.out(0, x.axes(), c.in(0).type);
}

constexpr auto kPool = "([n,c,H*k..])->([n,c,H..])";
constexpr auto kGlobal = "([n,c,h..])->([n,c,1..])";
constexpr auto kRegions = "([!n,c,!h,!w],[r,!4],[r])->([r,c,!p,!q])";
constexpr auto kNchwc = "com.microsoft.nchwc";

const OpRule kRules[] = {
    {"", "AveragePool", 1, kAnyOpset, kPool, pool},
    {"", "LpPool", 1, kAnyOpset, kPool, pool},
    {"", "MaxPool", 1, kAnyOpset, kPool, max_pool},
    {"com.microsoft", "NhwcMaxPool", 1, kAnyOpset, "([n,H*k..,c])->([n,H..,c])", nhwc_pool},
    {"com.microsoft", "QLinearAveragePool", 1, kAnyOpset, kPool, qlinear_pool},
    {"", "MaxUnpool", 9, kAnyOpset, "pins: flat indices number the whole tensor", max_unpool},
    {"", "GlobalAveragePool", 1, kAnyOpset, kGlobal, global_pool},
    {"", "GlobalMaxPool", 1, kAnyOpset, kGlobal, global_pool},
    {"", "GlobalLpPool", 1, kAnyOpset, kGlobal, global_pool},
    {"com.microsoft", "QLinearGlobalAveragePool", 1, kAnyOpset, kGlobal, qlinear_global_pool},
    {"", "RoiAlign", 10, kAnyOpset, kRegions, roi_align},
    {"", "MaxRoiPool", 1, kAnyOpset, kRegions, max_roi_pool},
    {kNchwc, "Conv", 1, kAnyOpset, kBlocked, blocked_conv},
    {kNchwc, "MaxPool", 1, kAnyOpset, kBlocked, blocked_pool},
    {kNchwc, "AveragePool", 1, kAnyOpset, kBlocked, blocked_pool},
    {kNchwc, "GlobalMaxPool", 1, kAnyOpset, kBlocked, blocked_global_pool},
    {kNchwc, "GlobalAveragePool", 1, kAnyOpset, kBlocked, blocked_global_pool},
    {kNchwc, "ReorderInput", 1, kAnyOpset, kBlocked, reorder_input},
    {kNchwc, "ReorderOutput", 1, kAnyOpset, kBlocked, reorder_output},
    {kNchwc, "Upsample", 1, kAnyOpset, kBlocked, blocked_upsample},
};

}  // namespace

std::span<const OpRule> pooling_rules() { return kRules; }

}  // namespace permcrypt
