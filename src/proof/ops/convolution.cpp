// Convolutions and pools: channels are contracted or pass, positions in a picture have a meaning.
#include <algorithm>
#include <optional>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// How a window moves along one axis of a picture.
struct Window {
  std::int64_t stride = 1, dilation = 1, before = 0, after = 0;
  bool same = false;  // padded so that only the stride counts
  bool ceil = false;
};

Window window(const Step& s, std::size_t i, std::size_t axes) {
  Window w;
  const auto listed = [&](std::string_view name, std::size_t k, std::int64_t otherwise) {
    const auto list = s.attr_ints(name);
    return list && k < list->size() ? (*list)[k] : otherwise;
  };
  w.stride = listed("strides", i, 1);
  w.dilation = listed("dilations", i, 1);
  const std::string mode = s.attr_text("auto_pad", "NOTSET");
  w.same = mode.starts_with("SAME");
  if (mode == "NOTSET") {
    w.before = listed("pads", i, 0);
    w.after = listed("pads", i + axes, 0);
  }
  w.ceil = s.attr("ceil_mode", 0) != 0;
  return w;
}

TermId windows(const Step& s, const Window& w, TermId extent, TermId kernel) {
  Terms& t = s.terms;
  const TermId reach = t.multiply(t.subtract(kernel, t.constant(1)), t.constant(w.dilation));
  const TermId room = w.same ? t.subtract(extent, t.constant(1))
                             : t.subtract(t.add(extent, t.constant(w.before + w.after)),
                                          t.add(reach, t.constant(1)));
  if (w.stride <= 0) throw NotUnderstood{"windows that stand still"};
  const TermId last =
      t.floor_divide(w.ceil ? t.add(room, t.constant(w.stride - 1)) : room, w.stride);
  return t.add(last, t.constant(1));
}

// How many windows there are when none reaches beyond the axis or into another.
std::optional<std::int64_t> windows_apart(const Window& w, std::int64_t extent,
                                          std::int64_t kernel) {
  if (w.stride < 1 || w.dilation < 1 || kernel < 1 || w.before != 0 || w.after != 0) return {};
  const std::int64_t span = (kernel - 1) * w.dilation + 1, room = extent - (w.same ? 1 : span);
  if (room < 0) return {};
  const std::int64_t count = (w.ceil && !w.same ? room + w.stride - 1 : room) / w.stride + 1;
  if ((count - 1) * w.stride + span > extent || (count > 1 && w.stride < span)) return {};
  return count;
}

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

// x[n, g*c, ..], weights[g*m, c, ..] -> [n, g*m, ..]
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

void conv(Step& s) {
  Axes out = convolve(s, s.axes(0), s.axes(1), s.attr("group", 1));
  s.per_index(2, s.axes(1)[0]);
  if (s.has(3)) out = s.broadcast(out, s.axes(3));  // FusedConv adds one more
  s.out(0, std::move(out), s.type(0));
}

// x, w, zero of x, zero of w
void conv_integer(Step& s) {
  s.must_be_plain(2);
  s.per_index(3, s.axes(1).at(0));
  s.out(0, convolve(s, s.axes(0), s.axes(1), s.attr("group", 1)), T::INT32);
}

// x, scale, zero, w, scale, zero, scale, zero, bias
void qlinear_conv(Step& s) {
  for (const std::size_t k : {1, 2, 6, 7}) s.must_be_plain(k);
  Axes out = convolve(s, s.axes(0), s.axes(3), s.attr("group", 1));
  for (const std::size_t k : {4, 5, 8}) s.per_index(k, s.axes(3)[0]);
  s.out(0, std::move(out), s.type(0));
}

bool all_zero(const std::optional<std::vector<std::int64_t>>& list) {
  return !list || std::ranges::all_of(*list, [](std::int64_t n) { return n == 0; });
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
      out.push_back(s.plain(s.terms.unknown_extent()));
    }
  }
  s.out(0, std::move(out), s.type(0));
}

void pool(Step& s) {
  Axes out = s.axes(0);
  const auto kernel = s.attr_ints("kernel_shape");
  if (!kernel || out.size() != kernel->size() + 2) throw NotUnderstood{"no picture"};
  for (std::size_t i = 2; i < out.size(); ++i) {
    const TermId places = s.terms.constant((*kernel)[i - 2]);
    out[i] = slide(s, window(s, i - 2, out.size() - 2), out[i], places, nullptr);
  }
  s.out(0, std::move(out), s.type(0));
}

void global_pool(Step& s) {
  Axes out = s.axes(0);
  for (std::size_t i = 2; i < out.size(); ++i) out[i] = s.unit();
  s.out(0, std::move(out), s.type(0));
}

// x, scale, zero, scale, zero
void qlinear_global_pool(Step& s) {
  for (std::size_t k = 1; k < 5; ++k) s.must_be_plain(k);
  if (s.attr("channels_last", 0) != 0) throw NotUnderstood{"channels last"};
  global_pool(s);
}

void resize(Step& s) {
  Axes out = s.axes(0);
  const bool old = s.node.op == "Upsample" || s.node.opset < 11;
  const std::size_t scales_at = old ? 1 : 2, sizes_at = 3;
  if (s.attr_text("coordinate_transformation_mode", "").starts_with("tf_crop")) {
    throw NotUnderstood{"crops"};
  }
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < out.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  axes = s.attr_ints("axes").value_or(axes);
  s.must_be_plain(scales_at);
  s.must_be_plain(sizes_at);
  const auto scales = s.reals(scales_at);
  const auto sizes = s.has(sizes_at) ? s.claim(sizes_at).ints : nullptr;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = out[s.axis(axes[i], out.size())];
    const bool keeps = sizes ? i < sizes->size() && (*sizes)[i] == axis.extent
                             : scales && i < scales->size() && (*scales)[i] == 1.0;
    if (keeps) continue;
    s.in_order(axis);
    axis = s.plain(sizes && i < sizes->size() ? (*sizes)[i] : s.terms.unknown_extent());
    const auto extent = s.terms.value(s.axes(0)[s.axis(axes[i], out.size())].extent);
    if (!sizes && scales && i < scales->size() && extent) {
      const double scaled = static_cast<double>(*extent) * (*scales)[i];
      if (scaled >= 0 && scaled < 1e9) axis = s.counted(static_cast<std::int64_t>(scaled));
    }
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
    {"com.microsoft", "QLinearGlobalAveragePool", qlinear_global_pool},
    {"", "Resize", resize},
    {"", "Upsample", resize},
};

}  // namespace

std::span<const Entry> convolution_definitions() { return kEntries; }

}  // namespace permcrypt::proof
