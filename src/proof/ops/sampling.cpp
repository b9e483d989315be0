// Operators that sample a picture at computed places, or see its neighbourhoods: positions in space
// have a meaning, the batch and the channels pass.
#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

void space_in_order(const Step& s, const Axes& x) {
  if (x.size() < 3) throw NotUnderstood{"no picture"};
  for (std::size_t i = 2; i < x.size(); ++i) s.in_order(x[i]);
}

// x[n, c, h..], places[n, i.., 2] -> [n, c, i..]
void grid_sample(Step& s) {
  const Axes &x = s.axes(0), &grid = s.axes(1);
  space_in_order(s, x);
  if (grid.size() != x.size()) throw NotUnderstood{"places of another rank"};
  s.in_order(grid.back());
  Axes out = {s.equal_extents(x[0], grid[0]), x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  s.out(0, std::move(out), s.type(0));
}

// theta[n, 2, 3] -> [n, h.., 2]
void affine_grid(Step& s) {
  const Axes& theta = s.axes(0);
  const Ints& size = s.ints(1);
  if (theta.size() != 3 || size.size() < 3) throw NotUnderstood{"operands of unlike rank"};
  Axes out = {theta[0]};
  for (std::size_t i = 2; i < size.size(); ++i) out.push_back(s.plain(size[i]));
  s.in_order(theta[2]);
  out.push_back(s.in_order(theta[1]));
  s.out(0, std::move(out), s.type(0));
}

// x[n, c, h, w], regions[r, 4 or 5] -> [r, c, ..]
void pool_regions(Step& s, Axis region, std::int64_t height, std::int64_t width) {
  const Axes& x = s.axes(0);
  space_in_order(s, x);
  s.in_order(x[0]);
  s.in_order(s.axes(1)[1]);
  s.out(0, {region, x[1], s.counted(height), s.counted(width)}, s.type(0));
}

void roi_align(Step& s) {
  if (s.rank(1) != 2 || s.rank(2) != 1) throw NotUnderstood{"regions of another rank"};
  pool_regions(s, s.equal_extents(s.axes(1)[0], s.axes(2)[0]), s.attr("output_height", 1),
               s.attr("output_width", 1));
}

void max_roi_pool(Step& s) {
  const auto shape = s.attr_ints("pooled_shape");
  if (s.rank(1) != 2 || !shape || shape->size() != 2) throw NotUnderstood{"regions of other form"};
  pool_regions(s, s.axes(1)[0], (*shape)[0], (*shape)[1]);
}

// Neighbouring channels are summed.
void local_response(Step& s) {
  Axes out = s.axes(0);
  if (out.size() < 2) throw NotUnderstood{"no channels"};
  out[1] = s.in_order(out[1]);
  s.out(0, std::move(out), s.type(0));
}

// x[n, c*k, l], extents of the picture, extents of a block of k -> [n, c, h..]
void col2im(Step& s) {
  const Axes& x = s.axes(0);
  if (x.size() != 3) throw NotUnderstood{"columns of another rank"};
  TermId cells = s.terms.constant(1);
  for (const std::int64_t n : s.constants(2)) cells = s.terms.multiply(cells, s.terms.constant(n));
  const auto channels = s.terms.divide_exactly(x[1].extent, cells);
  if (!channels) throw NotUnderstood{"blocks that do not divide"};
  const auto [channel, cell] = s.divide(x[1], *channels, cells);
  s.in_order(cell);
  s.in_order(x[2]);
  Axes out = {x[0], channel};
  for (const TermId extent : s.ints(1)) out.push_back(s.plain(extent));
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"", "GridSample", grid_sample},      {"com.microsoft", "GridSample", grid_sample},
    {"", "AffineGrid", affine_grid},      {"", "RoiAlign", roi_align},
    {"", "MaxRoiPool", max_roi_pool},     {"", "LRN", local_response},
    {"", "Col2Im", col2im},
};

}  // namespace

std::span<const Entry> sampling_definitions() { return kEntries; }

}  // namespace permcrypt::proof
