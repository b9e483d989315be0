#include "infer/rules/image.h"

#include <algorithm>

namespace permcrypt {

std::vector<Axis> Image::axes() const {
  std::vector<Axis> out{batch};
  if (!channels_last) out.push_back(channels);
  out.insert(out.end(), space.begin(), space.end());
  if (channels_last) out.push_back(channels);
  return out;
}

Image image_of(const RuleCall& c, const Operand& x, bool channels_last) {
  if (x.axes.size() < 3) c.give_up("no spatial axis");
  Image image{x.axes[0], x.axes[1], {}, channels_last};
  if (channels_last) {
    image.channels = x.axes.back();
    image.space.assign(x.axes.begin() + 1, x.axes.end() - 1);
  } else {
    image.space.assign(x.axes.begin() + 2, x.axes.end());
  }
  return image;
}

std::int64_t Window::padding(std::int64_t extent) const {
  if (!same) return before + after;
  return std::max<std::int64_t>(0, (count(extent) - 1) * stride + span() - extent);
}

std::int64_t Window::count(std::int64_t extent) const {
  if (same) return (extent + stride - 1) / stride;
  const std::int64_t room = extent + before + after - span();
  if (room < 0) return 0;
  if (!ceil) return room / stride + 1;
  const std::int64_t n = (room + stride - 1) / stride + 1;
  return (n - 1) * stride >= extent + before ? n - 1 : n;  // none starts in the end padding
}

namespace {

constexpr std::int64_t kMaxWindow = std::int64_t{1} << 30;

std::int64_t element(const RuleCall& c, const std::optional<std::vector<std::int64_t>>& list,
                     std::size_t k, std::int64_t otherwise, std::int64_t least) {
  if (!list) return otherwise;
  if (k >= list->size()) c.give_up("attribute list too short");
  const std::int64_t value = (*list)[k];
  if (value < least || value > kMaxWindow) c.give_up("window out of range");
  return value;
}

}  // namespace

std::vector<Window> windows_of(const RuleCall& c, const std::vector<std::int64_t>& kernel) {
  const auto strides = c.attr_ints("strides"), dilations = c.attr_ints("dilations"),
             pads = c.attr_ints("pads");
  const std::string automatic = c.attr_text("auto_pad", "NOTSET");
  const bool explicit_pads = automatic.empty() || automatic == "NOTSET";
  std::vector<Window> out;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    if (kernel[i] < 1 || kernel[i] > kMaxWindow) c.give_up("window out of range");
    Window w;
    w.kernel = kernel[i];
    w.stride = element(c, strides, i, 1, 1);
    w.dilation = element(c, dilations, i, 1, 1);
    if (explicit_pads) {
      w.before = element(c, pads, i, 0, -kMaxWindow);
      w.after = element(c, pads, i + kernel.size(), 0, -kMaxWindow);
    }
    w.same = automatic.starts_with("SAME");
    w.ceil = c.attr("ceil_mode", 0) != 0;
    out.push_back(w);
  }
  return out;
}

Axis slide(RuleCall& c, const Axis& x, const Axis* kernel, const Window& w) {
  const bool bare = w.before == 0 && w.after == 0;
  if (w.kernel == 1 && w.stride == 1 && bare) return x;
  const std::int64_t a = w.count(x.a), b = w.count(x.b);
  if (a < 1 || b < 1) c.give_up("window larger than its axis");
  if (!x.dynamic() && bare && w.padding(x.a) == 0 && (w.dilation == 1 || w.kernel == 1)) {
    if (w.kernel == x.a) {  // a single window, in which each index has its own weight
      if (kernel) c.unify(x, *kernel);
      return c.unit();
    }
    if (w.stride >= w.kernel && a * w.stride == x.a) {
      const Axis out = c.free(a), lanes = kernel ? *kernel : c.free(w.kernel);
      c.align({x}, {out, c.sum({lanes, c.free(w.stride - w.kernel)})});
      return out;
    }
  }
  c.pin(x, "spatial axis");
  if (kernel) c.pin(*kernel, "kernel axis");
  return c.fixed(a, b, "spatial axis");
}

void require_scalar(RuleCall& c, std::size_t operand) {
  if (!c.has(operand)) return;
  for (const Axis& x : c.in(operand).axes) {
    if (!x.unit()) c.give_up("operand " + std::to_string(operand) + " is no scalar");
  }
}

}  // namespace permcrypt
