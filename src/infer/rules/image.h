// Tensors of an image kind, [batch, channels, space..] or with the channels last, and windows that
// slide over the space.
#pragma once

#include <cstdint>
#include <vector>

#include "infer/rule.h"

namespace permcrypt {

struct Image {
  Axis batch, channels;
  std::vector<Axis> space;
  bool channels_last = false;

  std::vector<Axis> axes() const;
};

// Gives up below rank 3.
Image image_of(const RuleCall& c, const Operand& x, bool channels_last = false);

// One spatial axis of a convolution or a pool.
struct Window {
  std::int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
  bool same = false;  // padded so that only the stride shrinks the axis
  bool ceil = false;  // a last window that sticks out counts

  std::int64_t span() const { return dilation * (kernel - 1) + 1; }
  std::int64_t count(std::int64_t extent) const;    // how many windows fit; 0 if none does
  std::int64_t padding(std::int64_t extent) const;  // total
};

// The windows that the node's attributes describe, one per kernel extent.
std::vector<Window> windows_of(const RuleCall& c, const std::vector<std::int64_t>& kernel);

// The axis of the windows over x. Windows that tile the axis make it windows x kernel; overlap
// fixes it, as the order of its indices then says which are neighbours. `kernel` is the weight's
// axis, or null for a pool, which does not see the order within a window.
Axis slide(RuleCall& c, const Axis& x, const Axis* kernel, const Window& window);

// Gives up unless the operand, if present, has at most one element.
void require_scalar(RuleCall& c, std::size_t operand);

}  // namespace permcrypt
