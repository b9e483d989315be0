// Convolutions and pools of pictures whose channels come last: those of convolution.cpp, with the
// channels in their place.
#include <algorithm>

#include "proof/ops/windows.h"

namespace permcrypt::proof {
namespace {

Axes channels_second(Axes x) {
  if (x.size() < 3) throw NotUnderstood{"no picture"};
  std::rotate(x.begin() + 1, x.end() - 1, x.end());
  return x;
}

Axes channels_last(Axes x) {
  std::rotate(x.begin() + 1, x.begin() + 2, x.end());
  return x;
}

// Kernels are documented as out x in x space; some want out x space x in.
Axes channels_second_in(const Step& s, const Axes& w, const Axis& channels) {
  const auto shape = s.attr_ints("kernel_shape");
  const auto in = s.terms.divide_exactly(channels.extent, s.terms.constant(s.attr("group", 1)));
  if (w.size() < 3 || !in) throw NotUnderstood{"kernels of unknown layout"};
  const auto fits = [&](std::size_t first) {
    for (std::size_t i = 0; shape && i < std::min(shape->size(), w.size() - 2); ++i) {
      if (!s.terms.is(w[first + i].extent, (*shape)[i])) return false;
    }
    return true;
  };
  const bool second = w[1].extent == *in && fits(2), last = w.back().extent == *in && fits(1);
  if (second == last) throw NotUnderstood{"kernels of unknown layout"};
  return last ? channels_second(w) : w;
}

void conv(Step& s) {
  const Axes x = channels_second(s.axes(0));
  Axes out = channels_last(
      convolve(s, x, channels_second_in(s, s.axes(1), x[1]), s.attr("group", 1)));
  s.per_index(2, out.back());
  if (s.has(3)) out = s.broadcast(out, s.axes(3));  // NhwcFusedConv adds one more
  s.out(0, std::move(out), s.type(0));
}

void max_pool(Step& s) {
  s.out(0, channels_last(pool_over(s, channels_second(s.axes(0)))), s.type(0));
}

// x, scale, zero, scale, zero
void qlinear_average_pool(Step& s) {
  for (std::size_t k = 1; k < 5; ++k) s.must_be_plain(k);
  const bool last = s.attr("channels_last", 0) != 0;
  Axes out = pool_over(s, last ? channels_second(s.axes(0)) : s.axes(0));
  s.out(0, last ? channels_last(std::move(out)) : std::move(out), s.type(0));
}

void qlinear_global_pool(Step& s) {
  for (std::size_t k = 1; k < 5; ++k) s.must_be_plain(k);
  Axes out = s.axes(0);
  const bool last = s.attr("channels_last", 0) != 0;
  if (out.size() < 3) throw NotUnderstood{"no picture"};
  for (std::size_t i = last ? 1 : 2; i + (last ? 1 : 0) < out.size(); ++i) out[i] = s.unit();
  s.out(0, std::move(out), s.type(0));
}

// x, scale, zero, w, scale, zero, scale, zero, bias; the kernels out x in x space
void qlinear_conv(Step& s) {
  for (const std::size_t k : {1, 2, 6, 7}) s.must_be_plain(k);
  const bool last = s.attr("channels_last", 0) != 0;
  Axes out = convolve(s, last ? channels_second(s.axes(0)) : s.axes(0), s.axes(3),
                      s.attr("group", 1));
  for (const std::size_t k : {4, 5, 8}) s.per_index(k, out[1]);
  s.out(0, last ? channels_last(std::move(out)) : std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"com.microsoft", "NhwcConv", conv},
    {"com.microsoft", "NhwcFusedConv", conv},
    {"com.microsoft", "NhwcMaxPool", max_pool},
    {"com.microsoft", "QLinearAveragePool", qlinear_average_pool},
    {"com.microsoft", "QLinearGlobalAveragePool", qlinear_global_pool},
    {"com.microsoft", "QLinearConv", qlinear_conv},
};

}  // namespace

std::span<const Entry> channels_last_definitions() { return kEntries; }

}  // namespace permcrypt::proof
