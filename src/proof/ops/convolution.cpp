// Convolutions and pools: channels are contracted or pass, positions in a picture have a meaning.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>

#include "proof/ops/windows.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// The axis of windows that lie apart, when each is one of the original, its places in the order of
// the kernel; a pool has none, and sees places in any order.
std::optional<Axis> slide_apart(const Step& s, const Window& w, const Axis& axis, TermId places,
                                const Axis* kernel) {
  const auto extent = s.terms.value(axis.extent), k = s.terms.value(places);
  const auto count = extent && k ? windows_apart(w, *extent, *k) : std::nullopt;
  if (!count) return std::nullopt;
  const Index order = s.orders.index(axis), within = kernel ? s.orders.index(*kernel) : Index{};
  Index out;
  for (std::int64_t i = 0; i < *count; ++i) {
    for (std::int64_t j = 0; j < *k; ++j) {
      const auto at = static_cast<std::size_t>(i * w.stride + j * w.dilation);
      const std::int64_t from = order[at];
      const std::int64_t window = *count == 1 ? 0 : from / w.stride;
      const std::int64_t offset = from - window * w.stride, place = offset / w.dilation;
      if (j == 0) out.push_back(static_cast<std::uint32_t>(window));
      const bool in_window =
          window < *count && out.back() == window && place < *k && offset % w.dilation == 0;
      if (!in_window || (kernel && within[static_cast<std::size_t>(j)] != place)) return {};
    }
  }
  return Axis{s.terms.constant(*count), s.orders.of(std::move(out)), kDistinct};
}

// Windows that lie side by side cut the axis into windows x places in one; else places are
// neighbours.
Axis slide(const Step& s, const Window& w, const Axis& axis, TermId places, const Axis* kernel) {
  if (axis.order != kPlain || (kernel && kernel->order != kPlain)) {
    if (const auto apart = slide_apart(s, w, axis, places, kernel)) return *apart;
    const bool tiles =
        w.dilation == 1 && w.before == 0 && w.after == 0 && !w.same && s.terms.is(places, w.stride);
    const auto count = s.terms.divide_exactly(axis.extent, places);
    if (tiles && count) {
      const auto [tile, place] = s.divide(axis, *count, places);
      if (kernel) s.orders.meet(place, *kernel);
      return tile;
    }
    if (kernel) s.in_order(*kernel);
  }
  s.in_order(axis);
  return s.plain(windows(s, w, axis.extent, places));
}

}  // namespace

Axes convolve(const Step& s, const Axes& x, const Axes& w, std::int64_t groups) {
  if (x.size() < 3 || w.size() != x.size()) throw NotUnderstood{"no picture"};
  if (groups == 1) {
    s.equal_extents(x[1], w[1]);
  } else {
    const TermId g = s.terms.constant(groups);
    const auto each = s.terms.divide_exactly(w[0].extent, g);
    if (!each) throw NotUnderstood{"groups of unknown extent"};
    const auto [in_group, channel] = s.divide(x[1], g, w[1].extent);
    const auto [out_group, kept] = s.divide(w[0], g, *each);
    s.orders.meet(in_group, out_group);
    s.orders.meet(channel, w[1]);
  }
  Axes out = {x[0], w[0]};
  for (std::size_t i = 2; i < x.size(); ++i) {
    out.push_back(slide(s, window(s, i - 2, x.size() - 2), x[i], w[i].extent, &w[i]));
  }
  return out;
}

Axes pool_over(const Step& s, Axes x) {
  const auto kernel = s.attr_ints("kernel_shape");
  if (!kernel || x.size() != kernel->size() + 2) throw NotUnderstood{"no picture"};
  for (std::size_t i = 2; i < x.size(); ++i) {
    const TermId places = s.terms.constant((*kernel)[i - 2]);
    x[i] = slide(s, window(s, i - 2, x.size() - 2), x[i], places, nullptr);
  }
  return x;
}

namespace {

// The result, but for its elements' type, of operands x and w. Whether its places are joint is said
// by `places`, which is empty where they are not.
Axes convolved(Step& s, std::size_t x, std::size_t w, std::vector<TermId>& places) {
  if (s.is_joint(x)) return convolve_patches(s, x, w, places);
  return convolve(s, s.axes(x), s.axes(w), s.attr("group", 1));
}

void come_out(Step& s, Axes axes, const std::vector<TermId>& places, std::int32_t type) {
  if (places.empty()) {
    s.out(0, std::move(axes), type);
  } else {
    s.out_joint(0, std::move(axes), places, type);
  }
}

void conv(Step& s) {
  std::vector<TermId> places;
  Axes out = convolved(s, 0, 1, places);
  s.per_index(2, out[1]);
  if (s.has(3) && !places.empty()) throw NotUnderstood{"several axes are renumbered at once"};
  if (s.has(3)) out = s.broadcast(out, s.axes(3));  // FusedConv adds one more
  come_out(s, std::move(out), places, s.type(0));
}

// x, w, zero of x, zero of w
void conv_integer(Step& s) {
  s.must_be_plain(2);
  std::vector<TermId> places;
  Axes out = convolved(s, 0, 1, places);
  s.per_index(3, out[1]);
  come_out(s, std::move(out), places, T::INT32);
}

// x, scale, zero, w, scale, zero, scale, zero, bias
void qlinear_conv(Step& s) {
  for (const std::size_t k : {1, 2, 6, 7}) s.must_be_plain(k);
  std::vector<TermId> places;
  Axes out = convolved(s, 0, 3, places);
  for (const std::size_t k : {4, 5, 8}) s.per_index(k, out[1]);
  come_out(s, std::move(out), places, s.type(0));
}

bool all_zero(const std::optional<std::vector<std::int64_t>>& list) {
  return !list || std::ranges::all_of(*list, [](std::int64_t n) { return n == 0; });
}

// How far a kernel reaches that is laid at each of so many places of axis i of a picture.
TermId spread(const Step& s, const Window& w, std::size_t i, TermId places, TermId kernel) {
  Terms& t = s.terms;
  if (s.attribute("output_shape")) return t.unknown_extent();
  const auto stride = t.constant(w.stride);
  if (w.same) return t.multiply(places, stride);
  const auto padding = s.attr_ints("output_padding");
  const std::int64_t more = padding && i < padding->size() ? (*padding)[i] : 0;
  const TermId last = t.multiply(t.subtract(places, t.constant(1)), stride);
  const TermId reach = t.multiply(t.subtract(kernel, t.constant(1)), t.constant(w.dilation));
  return t.add(t.add(last, reach), t.constant(more + 1 - w.before - w.after));
}

// x[n, g*c, ..], weights[g*c, m, ..] -> [n, g*m, ..]
void conv_transpose(Step& s) {
  const Axes &x = s.axes(0), &w = s.axes(1);
  if (x.size() < 3 || w.size() != x.size()) throw NotUnderstood{"no picture"};
  const std::int64_t groups = s.attr("group", 1);
  s.equal_extents(x[1], w[0]);
  Axis channels = w[1];
  if (groups != 1) {
    const TermId g = s.terms.constant(groups);
    const auto each = s.terms.divide_exactly(w[0].extent, g);
    if (!each) throw NotUnderstood{"groups of unknown extent"};
    channels = s.product({s.divide(w[0], g, *each).first, w[1]});
  }
  s.per_index(2, channels);
  Axes out = {x[0], channels};
  const auto padding = s.attr_ints("output_padding");
  for (std::size_t i = 2; i < x.size(); ++i) {
    const Window move = window(s, i - 2, x.size() - 2);
    const bool tiles = move.dilation == 1 && move.before == 0 && move.after == 0 &&
                       all_zero(padding) && !s.attribute("output_shape") &&
                       s.terms.is(w[i].extent, move.stride);
    if (tiles) {
      out.push_back(s.product({x[i], w[i]}));
    } else {
      s.in_order(x[i]);
      s.in_order(w[i]);
      out.push_back(s.plain(spread(s, move, i - 2, x[i].extent, w[i].extent)));
    }
  }
  s.out(0, std::move(out), s.type(0));
}

void pool(Step& s) { s.out(0, pool_over(s, s.axes(0)), s.type(0)); }

void global_pool(Step& s) {
  Axes out = s.axes(0);
  for (std::size_t i = 2; i < out.size(); ++i) out[i] = s.unit();
  s.out(0, std::move(out), s.type(0));
}

std::optional<TermId> whole_number(const Step& s, double scale) {
  if (scale < 1 || scale > 1e6 || scale != std::floor(scale)) return std::nullopt;
  return s.terms.constant(static_cast<std::int64_t>(scale));
}

// Nearest neighbours: pixel i of an axis that grows k-fold is pixel i / k, rounded down.
bool repeats_pixels(const Step& s, bool old) {
  if (s.attr_text("mode", "nearest") != "nearest") return false;
  if (old) return true;
  const std::string places = s.attr_text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = s.attr_text("nearest_mode", "round_prefer_floor");
  if (places == "asymmetric") return rounding == "floor";
  return (places == "half_pixel" || places == "pytorch_half_pixel") &&
         rounding.starts_with("round_prefer");
}

// What becomes of an axis that grows to `size`, or by `scale` where no size is known.
Axis resized(const Step& s, const Axis& axis, std::optional<TermId> size, double scale, bool old) {
  const auto factor = size ? s.terms.divide_exactly(*size, axis.extent) : whole_number(s, scale);
  if (factor && repeats_pixels(s, old)) return s.product({axis, s.repeated(*factor)});
  s.in_order(axis);
  if (size) return s.plain(*size);
  if (factor) return s.plain(s.terms.multiply(axis.extent, *factor));
  const auto extent = s.terms.value(axis.extent);
  const double scaled = extent ? static_cast<double>(*extent) * scale : 0;
  if (scaled > 0 && scaled < 1e9) return s.counted(static_cast<std::int64_t>(scaled));
  return s.plain(s.terms.unknown_extent());
}

void resize(Step& s) {
  Axes out = s.axes(0);
  const bool old = s.node.op == "Upsample" || s.node.opset < 11;
  const std::size_t scales_at = old ? 1 : 2, sizes_at = 3;
  if (s.attr_text("coordinate_transformation_mode", "").starts_with("tf_crop") ||
      s.attr_text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    throw NotUnderstood{"crops"};
  }
  std::vector<std::int64_t> axes(out.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = s.attr_ints("axes").value_or(axes);
  s.must_be_plain(scales_at);
  s.must_be_plain(sizes_at);
  const auto scales = s.reals(scales_at);
  const auto sizes = s.has(sizes_at) ? s.claim(sizes_at).ints : nullptr;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[s.axis(axes[i], out.size())];
    const auto size =
        sizes && i < sizes->size() ? std::optional<TermId>((*sizes)[i]) : std::nullopt;
    const double scale = !sizes && scales && i < scales->size() ? (*scales)[i] : 0;
    if (size ? *size == axis.extent : scale == 1) continue;
    axis = resized(s, axis, size, scale, old);
  }
  s.out(0, std::move(out), s.type(0));
}

// From the runtime's blocked layout back: nothing in it is renumbered.
void reorder_output(Step& s) {
  s.must_be_plain(0);
  const std::int64_t channels = s.attr("channels", 0);
  if (channels <= 0 || s.attr("channels_last", 0) != 0) throw NotUnderstood{"another layout"};
  const auto some = [&] { return s.plain(s.terms.unknown_extent()); };
  s.out(0, {some(), s.counted(channels), some(), some()}, s.type(0));
}

const Entry kEntries[] = {
    {"com.microsoft.nchwc", "ReorderOutput", reorder_output},
    {"", "Conv", conv},
    {"com.microsoft", "FusedConv", conv},
    {"", "ConvInteger", conv_integer},
    {"", "QLinearConv", qlinear_conv},
    {"", "ConvTranspose", conv_transpose},
    {"", "MaxPool", pool},
    {"", "AveragePool", pool},
    {"", "LpPool", pool},
    {"", "GlobalAveragePool", global_pool},
    {"", "GlobalMaxPool", global_pool},
    {"", "GlobalLpPool", global_pool},
    {"", "Resize", resize},
    {"", "Upsample", resize},
};

}  // namespace

std::span<const Entry> convolution_definitions() { return kEntries; }

}  // namespace permcrypt::proof
