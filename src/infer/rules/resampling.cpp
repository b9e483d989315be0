// Operators that stretch, cut or sample the space of an image, or trade it for channels.
#include <cmath>
#include <numeric>

#include "infer/registry.h"
#include "infer/rules/image.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// What Resize does to one axis.
struct Stretch {
  std::int64_t a = 0, b = 0;  // the new extent
  bool identity = false;
  std::int64_t factor = 0;  // whole and above 1, else 0
};

Stretch by_scale(const Axis& x, float scale) {
  const auto extent = [&](std::int64_t n) {
    return static_cast<std::int64_t>(std::floor(static_cast<float>(n) * scale));
  };
  const bool whole = scale > 1 && scale == std::floor(scale) && scale < 1e6F;
  const auto factor = whole ? static_cast<std::int64_t>(scale) : 0;
  if (whole) return {x.a * factor, x.b * factor, false, factor};
  return {scale == 1 ? x.a : extent(x.a), scale == 1 ? x.b : extent(x.b), scale == 1, 0};
}

Stretch by_size(const Axis& x, std::int64_t a, std::int64_t b) {
  Stretch s{a, b, a == x.a && b == x.b, 0};
  const std::int64_t factor = x.a > 0 ? a / x.a : 0;
  if (factor > 1 && x.a * factor == a && x.b * factor == b) s.factor = factor;
  return s;
}

// Nearest neighbours at a whole factor repeat each index; other modes look at several.
bool repeats(const RuleCall& c) {
  if (c.attr_text("mode", "nearest") != "nearest") return false;
  if (c.node.op == "Upsample" || c.node.opset < 11) return true;
  const std::string from = c.attr_text("coordinate_transformation_mode", "half_pixel");
  const std::string round = c.attr_text("nearest_mode", "round_prefer_floor");
  if (from == "asymmetric") return round == "floor";
  return (from == "half_pixel" || from == "pytorch_half_pixel") &&
         round.starts_with("round_prefer");
}

Axis stretch(RuleCall& c, const Axis& x, const Stretch& s) {
  if (s.identity) return x;
  if (s.factor && repeats(c)) return c.product({x, c.free(s.factor)});
  c.pin(x, "resized");
  return c.fixed(s.a, s.b, "resized");
}

// The axes that the operands describe, all of them unless `axes` is given.
std::vector<std::size_t> resized_axes(const RuleCall& c, int rank) {
  std::vector<std::size_t> out;
  if (const auto list = c.attr_ints("axes")) {
    for (const std::int64_t axis : *list)
      out.push_back(static_cast<std::size_t>(c.to_axis(axis, rank)));
  } else {
    out.resize(static_cast<std::size_t>(rank));
    std::iota(out.begin(), out.end(), 0);
  }
  return out;
}

std::vector<double> scales_of(RuleCall& c, std::size_t operand) {
  if (const auto* list = c.attribute("scales"))
    return {list->floats().begin(), list->floats().end()};
  Operand& scales = c.in(operand);
  c.pin(scales, "scales of a resize");
  if (!scales.folded || scales.folded->a.integral || !scales.folded->is_static()) {
    c.give_up("scales are computed at run time");
  }
  return scales.folded->a.reals;
}

std::vector<Stretch> stretches(RuleCall& c, const std::vector<std::size_t>& axes) {
  std::vector<Stretch> out;
  const auto& x = c.in(0).axes;
  const bool old = c.node.op == "Upsample" || c.node.opset < 11;
  if (!old && c.has(1)) c.pin(c.in(1), "region of a resize");
  if (!old && c.has(3) && !(c.rank(3) == 1 && c.in(3).axes[0].a == 0)) {
    const IntsPair sizes = c.require_ints(3);
    if (sizes.a.size() != axes.size()) c.give_up("sizes of unlike rank");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      out.push_back(by_size(x[axes[i]], sizes.a[i], sizes.b[i]));
    }
    return out;
  }
  const std::vector<double> scales = scales_of(c, old ? 1 : 2);
  if (scales.size() != axes.size()) c.give_up("scales of unlike rank");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!(scales[i] > 0 && scales[i] < 1e6)) c.give_up("scale out of range");
    out.push_back(by_scale(x[axes[i]], static_cast<float>(scales[i])));
  }
  return out;
}

void resize(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto axes = resized_axes(c, c.rank(0));
  const bool region = c.attr_text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  // Resize reads a region, one bound for each axis; scales or sizes in its place in older versions.
  for (std::size_t k = 1; k < c.inputs(); ++k) {
    if (Operand* operand = c.optional(k)) c.pin(*operand, "one number for each axis");
  }
  const bool keeps_ratio = c.attr_text("keep_aspect_ratio_policy", "stretch") != "stretch";
  const auto parts = stretches(c, axes);
  std::vector<Axis> out = x.axes;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[axes[i]];
    if (region || keeps_ratio) {
      c.pin(axis, "resized");
      axis = keeps_ratio ? c.unknown_extent("resized") : c.fixed(parts[i].a, parts[i].b, "resized");
    } else {
      axis = stretch(c, axis, parts[i]);
    }
  }
  c.out(0, std::move(out), x.type);
}

// The channels are blocks x blocks x c (DCR), or c x blocks x blocks (CRD).
std::vector<Axis> channel_order(const RuleCall& c, const Axis& r, const Axis& h, const Axis& w) {
  if (c.attr_text("mode", "DCR") == "CRD") return {r, h, w};
  return {h, w, r};
}

Image planar(RuleCall& c) {
  Image x = image_of(c, c.in(0));
  if (x.space.size() != 2 || c.attr("blocksize", 0) < 1) c.give_up("no blocks of a plane");
  return x;
}

void depth_to_space(RuleCall& c) {
  const Image x = planar(c);
  const std::int64_t n = c.attr("blocksize", 1);
  if (x.channels.a % n != 0 || x.channels.a / n % n != 0) c.give_up("blocks do not divide");
  const Axis h = c.free(n), w = c.free(n),
             rest = c.free(x.channels.a / n / n, x.channels.b / n / n);
  c.align({x.channels}, channel_order(c, rest, h, w));
  c.out(0, {x.batch, rest, c.product({x.space[0], h}), c.product({x.space[1], w})}, c.in(0).type);
}

void space_to_depth(RuleCall& c) {
  const Image x = planar(c);
  const std::int64_t n = c.attr("blocksize", 1);
  std::vector<Axis> outer, inner;
  for (const Axis& axis : x.space) {
    if (axis.a % n != 0 || axis.b % n != 0) c.give_up("blocks do not divide");
    outer.push_back(c.free(axis.a / n, axis.b / n));
    inner.push_back(c.free(n));
    c.align({axis}, {outer.back(), inner.back()});
  }
  c.out(0, {x.batch, c.product({inner[0], inner[1], x.channels}), outer[0], outer[1]},
        c.in(0).type);
}

// X [n,c,space..] at the points [n,space'..,coordinates]
void grid_sample(RuleCall& c) {
  const Image x = image_of(c, c.in(0)), grid = image_of(c, c.in(1), true);
  for (const Axis& axis : x.space) c.pin(axis, "sampled at computed points");
  c.pin(grid.channels, "coordinates");
  c.unify(x.batch, grid.batch, true);
  if (grid.space.size() != x.space.size()) c.give_up("grid of unlike rank");
  c.out(0, Image{x.batch, x.channels, grid.space, false}.axes(), c.in(0).type);
}

// theta [n,2,3] or [n,3,4] -> [n,space..,coordinates]
void affine_grid(RuleCall& c) {
  if (c.rank(0) != 3) c.give_up("theta of unlike rank");
  const IntsPair size = c.require_ints(1);
  const auto& theta = c.in(0).axes;
  std::vector<Axis> out{theta[0]};
  for (std::size_t i = 2; i < size.a.size(); ++i) {
    out.push_back(c.fixed(size.a[i], size.b[i], "coordinates of a grid"));
  }
  for (const std::size_t k : {1, 2}) c.pin(theta[k], "coordinates");
  out.push_back(c.fixed(theta[1].a, theta[1].b, "coordinates"));
  c.out(0, std::move(out), c.in(0).type);
}

void local_response(RuleCall& c) {
  const Image x = image_of(c, c.in(0));
  c.pin(x.channels, "normalised over neighbouring channels");
  c.out(0, x.axes(), c.in(0).type);
}

// [n, c*block, L] -> [n, c, image..]
void col2im(RuleCall& c) {
  if (c.rank(0) != 3) c.give_up("columns of unlike rank");
  const auto& x = c.in(0).axes;
  const IntsPair image = c.require_ints(1), block = c.require_ints(2);
  std::int64_t cells = 1;
  for (const std::int64_t n : block.a) {
    if (n < 1 || __builtin_mul_overflow(cells, n, &cells)) c.give_up("block out of range");
  }
  if (!block.is_static() || x[1].a % cells != 0 || x[1].b % cells != 0)
    c.give_up("blocks do not divide");
  const Axis channels = c.free(x[1].a / cells, x[1].b / cells);
  c.align({x[1]}, {channels, c.fixed(cells, "block")});
  c.pin(x[2], "columns of an image");
  std::vector<Axis> out{x[0], channels};
  for (std::size_t i = 0; i < image.a.size(); ++i) {
    out.push_back(c.fixed(image.a[i], image.b[i], "image of columns"));
  }
  c.out(0, std::move(out), c.in(0).type);
}

constexpr auto kResize = "([n,c,h])->([n,c,!h'] or, repeated, [n,c,h*k])";

const OpRule kRules[] = {
    {"", "Resize", 10, kAnyOpset, kResize, resize},
    {"", "Upsample", 7, kAnyOpset, kResize, resize},
    {"", "DepthToSpace", 1, kAnyOpset, "([n,b*d*c,h,w])->([n,c,h*b,w*d])", depth_to_space},
    {"", "SpaceToDepth", 1, kAnyOpset, "([n,c,h*b,w*d])->([n,b*d*c,h,w])", space_to_depth},
    {"", "GridSample", 16, kAnyOpset, "([n,c,!h..],[n,i..,!2])->([n,c,i..])", grid_sample},
    {"com.microsoft", "GridSample", 1, kAnyOpset, "([n,c,!h..],[n,i..,!2])->([n,c,i..])",
     grid_sample},
    {"", "AffineGrid", 20, kAnyOpset, "([n,!2,!3],shape)->([n,!h..,!2])", affine_grid},
    {"", "LRN", 1, kAnyOpset, "([n,!c,h..])->([n,!c,h..])", local_response},
    {"", "Col2Im", 18, kAnyOpset, "([n,c*!k,!l],image,block)->([n,c,!h..])", col2im},
};

}  // namespace

std::span<const OpRule> resampling_rules() { return kRules; }

}  // namespace permcrypt
