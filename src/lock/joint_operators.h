// Which operators leave factors together that lie together.
#pragma once

#include "permcrypt/graph.h"

namespace permcrypt {

enum class Joining : std::uint8_t {
  // It moves elements, works on each by itself, or sums over indices that two operands share: any
  // order of several axes at once that its operands follow, its result follows.
  kAny,
  // It treats an axis as a whole, as Softmax does: only what lies on one axis stays together.
  kWithinAxis,
  // It may tell factors of an axis apart, as attention does heads and their channels.
  kNone,
};

Joining joining_of(const GraphNode& node);

}  // namespace permcrypt
