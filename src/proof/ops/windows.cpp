#include "proof/ops/windows.h"

#include <string>

#include "permcrypt/model.h"

namespace permcrypt::proof {

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

std::optional<std::int64_t> windows_apart(const Window& w, std::int64_t extent,
                                          std::int64_t kernel) {
  if (w.stride < 1 || w.dilation < 1 || kernel < 1 || w.before != 0 || w.after != 0) return {};
  const std::int64_t span = (kernel - 1) * w.dilation + 1, room = extent - (w.same ? 1 : span);
  if (room < 0) return {};
  const std::int64_t count = (w.ceil && !w.same ? room + w.stride - 1 : room) / w.stride + 1;
  if ((count - 1) * w.stride + span > extent || (count > 1 && w.stride < span)) return {};
  return count;
}

namespace {

// Where the windows of a picture lie: place[p * offsets + k] is the position, row-major, of what
// window p has at offset k.
struct Patches {
  std::vector<std::int64_t> picture, kernel, count;  // extents
  std::size_t pixels = 1, offsets = 1, windows = 1;
  Index place;
};

std::int64_t constant(const Step& s, TermId extent) {
  const auto value = s.terms.value(extent);
  if (!value || *value < 1) throw NotUnderstood{"a picture of unknown extents"};
  return *value;
}

// The shape of a weight, whatever its claim counts.
std::vector<std::int64_t> shape_of_weight(const Step& s, std::size_t k) {
  const TensorId tensor = s.graph.values[s.node.inputs[k]].tensor;
  if (tensor == kNone) throw NotUnderstood{"kernels that are computed"};
  return s.graph.model->tensors[tensor].shape;
}

Patches patches_of(const Step& s, const Axes& x, const std::vector<std::int64_t>& weight) {
  constexpr std::size_t kMost = std::size_t{1} << 24;
  Patches out;
  const std::size_t axes = x.size() - 2;
  std::vector<Window> moves;
  for (std::size_t i = 0; i < axes; ++i) {
    moves.push_back(window(s, i, axes));
    out.picture.push_back(constant(s, x[i + 2].extent));
    out.kernel.push_back(weight[i + 2]);
    const auto count = windows_apart(moves[i], out.picture[i], out.kernel[i]);
    if (!count) throw NotUnderstood{"windows over pixels that are renumbered at once"};
    out.count.push_back(*count);
    out.pixels *= static_cast<std::size_t>(out.picture[i]);
    out.offsets *= static_cast<std::size_t>(out.kernel[i]);
    out.windows *= static_cast<std::size_t>(*count);
    if (out.pixels > kMost) throw NotUnderstood{"a picture too large to follow"};
  }
  for (std::size_t p = 0; p < out.windows; ++p) {
    for (std::size_t k = 0; k < out.offsets; ++k) {
      std::size_t window = p, offset = k, stride = 1, at = 0;
      for (std::size_t i = axes; i-- > 0;) {
        const auto count = static_cast<std::size_t>(out.count[i]),
                   kernel = static_cast<std::size_t>(out.kernel[i]);
        at += stride * (window % count * static_cast<std::size_t>(moves[i].stride) +
                        offset % kernel * static_cast<std::size_t>(moves[i].dilation));
        window /= count;
        offset /= kernel;
        stride *= static_cast<std::size_t>(out.picture[i]);
      }
      out.place.push_back(static_cast<std::uint32_t>(at));
    }
  }
  return out;
}

// Each window must hold what one of the original holds, everywhere in the order of the weights.
Index order_of_windows(const Patches& p, const Index& picture, const Index& weights,
                       std::size_t channels) {
  constexpr std::uint32_t kOutside = UINT32_MAX;
  Index back(p.pixels, kOutside), out;  // a position's number in `place`
  for (std::size_t i = 0; i < p.place.size(); ++i) back[p.place[i]] = static_cast<std::uint32_t>(i);
  for (std::size_t w = 0; w < p.windows; ++w) {
    std::uint32_t from = kOutside;
    for (std::size_t i = 0; i < channels * p.offsets; ++i) {
      const std::size_t channel = i / p.offsets, k = i % p.offsets;
      const std::uint32_t old = picture[channel * p.pixels + p.place[w * p.offsets + k]];
      const std::uint32_t number = back[old % p.pixels];
      if (number == kOutside) throw Contradiction{"a window holds what none held"};
      if (i == 0) from = static_cast<std::uint32_t>(number / p.offsets);
      const bool same = number / p.offsets == from &&
                        weights[i] == old / p.pixels * p.offsets + number % p.offsets;
      if (!same) throw Contradiction{"a window holds other elements than its weights are for"};
    }
    out.push_back(from);
  }
  return out;
}

}  // namespace

Axes convolve_patches(Step& s, std::size_t x_at, std::size_t weights_at,
                      std::vector<TermId>& places) {
  const Claim &x = s.claim(x_at), &w = s.claim(weights_at);
  const auto weight = shape_of_weight(s, weights_at);
  if (s.attr("group", 1) != 1 || x.axes->size() < 3 || weight.size() != x.axes->size() ||
      x.joint_from < 1 || x.joint_from > 2) {
    throw NotUnderstood{"several axes are renumbered at once"};
  }
  if (!w.related || !w.axes || w.axes->empty() || w.code != kPlain ||
      (w.packed_bits != 0 && w.packed_bits != element_bits(w.type))) {
    throw NotUnderstood{"kernels of unknown shape"};
  }
  const Patches patches = patches_of(s, *x.axes, weight);
  const TermId channels = s.terms.constant(weight[1]),
               offsets = s.terms.constant(static_cast<std::int64_t>(patches.offsets));
  const bool with_channels = x.joint_from == 1;
  const std::vector<TermId> to = with_channels ? std::vector{s.terms.multiply(channels, offsets)}
                                               : std::vector{channels, offsets};
  TermId elements = s.terms.constant(1);
  for (const Axis& axis : std::span(*w.axes).subspan(1)) {
    elements = s.terms.multiply(elements, axis.extent);
  }
  if (elements != s.terms.multiply(channels, offsets)) throw NotUnderstood{"other kernels"};
  const Axes kernel = s.orders.regroup(std::span(*w.axes).subspan(1), to);
  s.equal_extents((*x.axes)[1], with_channels ? s.plain(channels) : kernel[0]);
  Index order = order_of_windows(patches, *x.joint, s.orders.index(kernel.back()),
                                 with_channels ? static_cast<std::size_t>(weight[1]) : 1);
  for (const std::int64_t count : patches.count) places.push_back(s.terms.constant(count));
  const auto windows = static_cast<std::int64_t>(patches.windows);
  return {(*x.axes)[0],
          (*w.axes)[0],
          {s.terms.constant(windows), s.orders.of(std::move(order)), kDistinct}};
}

}  // namespace permcrypt::proof
