// Convolutions: channels move, grouped ones as groups x channels; space and kernels move only where
// the windows do not overlap.
#include "infer/registry.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// The axes of a kernel tensor, out x in x space.
struct Kernel {
  Axis out, in;
  std::vector<Axis> space;
};

Kernel kernel_of(const RuleCall& c, const Operand& w, std::size_t space) {
  if (w.axes.size() != space + 2) c.give_up("kernel of unlike rank");
  for (const Axis& x : w.axes) {
    if (x.dynamic()) c.give_up("kernel of dynamic extent");
  }
  return {w.axes[0], w.axes[1], {w.axes.begin() + 2, w.axes.end()}};
}

std::vector<std::int64_t> extents(const std::vector<Axis>& axes) {
  std::vector<std::int64_t> out;
  for (const Axis& x : axes) out.push_back(x.a);
  return out;
}

// in = group x kernel.in; kernel.out = group x the channels each group makes.
void match_channels(RuleCall& c, const Axis& in, const Kernel& kernel) {
  const std::int64_t groups = c.attr("group", 1);
  if (groups == 1) return c.unify(in, kernel.in, true);
  if (groups < 1 || kernel.out.a % groups != 0) c.give_up("groups do not divide");
  const Axis group = c.free(groups);
  c.align({in}, {group, kernel.in});
  c.align({kernel.out}, {group, c.free(kernel.out.a / groups)});
}

Image convolve(RuleCall& c, const Image& x, const Kernel& kernel) {
  match_channels(c, x.channels, kernel);
  const auto windows = windows_of(c, extents(kernel.space));
  Image out{x.batch, kernel.out, {}, x.channels_last};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    out.space.push_back(slide(c, x.space[i], &kernel.space[i], windows[i]));
  }
  return out;
}

Image convolve(RuleCall& c, std::size_t x, std::size_t w, bool channels_last = false) {
  const Image image = image_of(c, c.in(x), channels_last);
  return convolve(c, image, kernel_of(c, c.in(w), image.space.size()));
}

// X, W, bias, and for the fused forms a tensor to add.
void finish(RuleCall& c, const Image& y) {
  c.at_most(4);
  c.per_index(c.optional(2), y.channels);
  if (c.has(3)) c.broadcast(y.axes(), c.in(3).axes);
  c.out(0, y.axes(), c.in(0).type);
}

void conv(RuleCall& c) { finish(c, convolve(c, 0, 1)); }

// Documented as out x in x space, but some kernels want out x space x in: the extents tell.
void nhwc_conv(RuleCall& c) {
  const Image x = image_of(c, c.in(0), true);
  Kernel kernel = kernel_of(c, c.in(1), x.space.size());
  const std::int64_t in = x.channels.a / std::max<std::int64_t>(1, c.attr("group", 1));
  const auto shape = c.attr_ints("kernel_shape");
  const bool space_last = kernel.in.a == in && (!shape || extents(kernel.space) == *shape);
  const bool in_last = kernel.space.back().a == in;
  if (space_last == in_last) c.give_up("layout of the kernel in doubt");
  if (in_last) {
    kernel.space.insert(kernel.space.begin(), kernel.in);
    kernel.in = kernel.space.back();
    kernel.space.pop_back();
  }
  finish(c, convolve(c, x, kernel));
}

void nhwc_fused_conv(RuleCall& c) { finish(c, convolve(c, 0, 1, true)); }

void conv_integer(RuleCall& c) {
  const Image y = convolve(c, 0, 1);
  require_scalar(c, 2);
  c.per_index(c.optional(3), c.in(1).axes[0]);
  c.out(0, y.axes(), T::INT32);
}

// x, scale, zero, w, scales, zeros, y scale, y zero, bias
void qlinear_conv(RuleCall& c) {
  const Image y = convolve(c, 0, 3, c.attr("channels_last", 0) != 0);
  for (const std::size_t k : {1, 2, 6, 7}) require_scalar(c, k);
  for (const std::size_t k : {4, 5, 8}) c.per_index(c.optional(k), y.channels);
  c.out(0, y.axes(), c.in(7).type);
}

// The extent of one spatial axis of a transposed convolution.
std::int64_t spread(const Window& w, std::int64_t extent, std::int64_t extra) {
  if (w.same) return extent * w.stride;
  return w.stride * (extent - 1) + extra + w.span() - w.before - w.after;
}

Axis unslide(RuleCall& c, const Axis& x, const Axis& kernel, const Window& w, std::int64_t extra) {
  if (w.stride == w.kernel && w.dilation == 1 && w.before == 0 && w.after == 0 && extra == 0) {
    return c.product({x, kernel});
  }
  c.pin(x, "spatial axis");
  c.pin(kernel, "kernel axis");
  return c.fixed(spread(w, x.a, extra), spread(w, x.b, extra), "spatial axis");
}

// W is in x out/group x space. The groups are the major part of both channel axes.
void conv_transpose(RuleCall& c) {
  const Image x = image_of(c, c.in(0));
  const Kernel kernel = kernel_of(c, c.in(1), x.space.size());  // .out and .in change places
  c.at_most(3);
  c.unify(x.channels, kernel.out, true);
  Image y{x.batch, kernel.in, {}, false};
  if (const std::int64_t groups = c.attr("group", 1); groups != 1) {
    y.channels = c.product({c.divide(kernel.out, groups).first, kernel.in});
  }
  const auto windows = windows_of(c, extents(kernel.space));
  const auto extra = c.attr_ints("output_padding"), given = c.attr_ints("output_shape");
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if ((extra && extra->size() != windows.size()) || (given && given->size() < windows.size())) {
      c.give_up("attribute list too short");
    }
    y.space.push_back(unslide(c, x.space[i], kernel.space[i], windows[i], extra ? (*extra)[i] : 0));
    if (!given) continue;
    const std::int64_t extent = (*given)[given->size() - windows.size() + i];
    if (y.space[i].dynamic() || y.space[i].a != extent) {
      for (const Axis& axis : {x.space[i], kernel.space[i]}) c.pin(axis, "spatial axis");
      y.space[i] = c.fixed(extent, "spatial axis");
    }
  }
  c.per_index(c.optional(2), y.channels);
  c.out(0, y.axes(), c.in(0).type);
}

// Groups of channels share their offsets and masks; where the kernel looks is data.
void deform_conv(RuleCall& c) {
  const Image x = image_of(c, c.in(0));
  const Kernel kernel = kernel_of(c, c.in(1), x.space.size());
  match_channels(c, x.channels, kernel);
  if (const std::int64_t shared = c.attr("offset_group", 1); shared != 1) {
    c.pin(c.divide(x.channels, shared).first, "offset group");
  }
  Image y{x.batch, kernel.out, {}, false};
  const auto windows = windows_of(c, extents(kernel.space));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    c.pin(x.space[i], "spatial axis");
    c.pin(kernel.space[i], "kernel axis");
    y.space.push_back(
        c.fixed(windows[i].count(x.space[i].a), windows[i].count(x.space[i].b), "spatial axis"));
  }
  for (const std::size_t k : {2, 4}) {
    if (!c.has(k)) continue;
    const Image moves = image_of(c, c.in(k));
    c.unify(moves.batch, x.batch);
    for (const Axis& axis : moves.axes()) c.pin(axis, "offsets of a kernel");
  }
  c.per_index(c.optional(3), y.channels);
  c.out(0, y.axes(), c.in(0).type);
}

constexpr auto kConv = "([n,g*i,H*kh..],[g*o,i,kh..],[g*o])->([n,g*o,H..])";
constexpr auto kNhwcConv = "([n,H*kh..,g*i],[g*o,i,kh..],[g*o])->([n,H..,g*o])";

const OpRule kRules[] = {
    {"", "Conv", 1, kAnyOpset, kConv, conv},
    {"com.microsoft", "FusedConv", 1, kAnyOpset, kConv, conv},
    {"com.microsoft", "NhwcConv", 1, kAnyOpset, kNhwcConv, nhwc_conv},
    {"com.microsoft", "NhwcFusedConv", 1, kAnyOpset, kNhwcConv, nhwc_fused_conv},
    {"", "ConvInteger", 10, kAnyOpset, "([n,g*i,H*kh..],[g*o,i,kh..],[],[g*o])->([n,g*o,H..])",
     conv_integer},
    {"", "QLinearConv", 10, kAnyOpset, "as Conv, with scales and zero points per g*o",
     qlinear_conv},
    {"com.microsoft", "QLinearConv", 1, kAnyOpset, "as Conv, with scales and zero points per g*o",
     qlinear_conv},
    {"", "ConvTranspose", 1, kAnyOpset, "([n,g*i,H..],[g*i,o,kh..],[g*o])->([n,g*o,H*kh..])",
     conv_transpose},
    {"", "DeformConv", 19, kAnyOpset, "([n,g*i,!h..],[g*o,i,!k..],[n,!..],[g*o])->([n,g*o,!h..])",
     deform_conv},
};

}  // namespace

std::span<const OpRule> convolution_rules() { return kRules; }

}  // namespace permcrypt
