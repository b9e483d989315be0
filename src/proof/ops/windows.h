// Windows that move over pictures.
#pragma once

#include <cstdint>
#include <optional>

#include "proof/definitions.h"

namespace permcrypt::proof {

// How a window moves along one axis of a picture.
struct Window {
  std::int64_t stride = 1, dilation = 1, before = 0, after = 0;
  bool same = false;  // padded so that only the stride counts
  bool ceil = false;
};

// As the node's attributes say, along axis i of the picture, which has so many.
Window window(const Step& s, std::size_t i, std::size_t axes);

// How many there are.
TermId windows(const Step& s, const Window& w, TermId extent, TermId kernel);

// The same where none reaches beyond the axis or into another.
std::optional<std::int64_t> windows_apart(const Window& w, std::int64_t extent,
                                          std::int64_t kernel);

// A convolution of x[n, g*c, ..] with weights[g*m, c, ..]: the axes [n, g*m, ..].
Axes convolve(const Step& s, const Axes& x, const Axes& weights, std::int64_t groups);
// A pool of x[n, c, ..].
Axes pool_over(const Step& s, Axes x);

// A convolution of a picture (operand x) whose pixels, perhaps with its channels, are renumbered
// all at once, with weights that are renumbered alike: the axes of the result, the last of which
// stands for all of its places. `places`: the extents of those.
Axes convolve_patches(Step& s, std::size_t x, std::size_t weights, std::vector<TermId>& places);

}  // namespace permcrypt::proof
