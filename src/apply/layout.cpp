#include "apply/layout.h"

#include <algorithm>
#include <string>

#include "base/checked.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

constexpr std::uint64_t kMostElements = 1ull << 56;
// Rows shorter than kShortRow columns are folded into their outer axis, while the index vector
// stays within kFoldLimit entries: it is built again for every chunk.
constexpr std::uint64_t kShortRow = 64;
constexpr std::uint64_t kFoldLimit = 4096;

tl::unexpected<Error> misfit(const PayloadMove& move, const std::string& what) {
  return fail(ErrorKind::kInput, "tensor " + in_quotes(move.name) + ": " + what);
}

bool is_element_width(std::uint64_t bits) {
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 || bits == 128;
}

// Neighbours that both stay are one axis; extents of 1 are none.
std::vector<LayoutAxis> merge_still(std::span<const LayoutAxis> axes) {
  std::vector<LayoutAxis> merged;
  for (const LayoutAxis& axis : axes) {
    if (axis.extent == 1) continue;
    if (!merged.empty() && axis.old_of_new == nullptr && merged.back().old_of_new == nullptr) {
      merged.back().extent *= axis.extent;
    } else {
      merged.push_back(axis);
    }
  }
  return merged;
}

LayoutAxis take_last(std::vector<LayoutAxis>& axes) {
  if (axes.empty()) return {};
  const LayoutAxis last = axes.back();
  axes.pop_back();
  return last;
}

// A run that stays together is bytes, or one wider element of the moving axis before it.
void widen(Layout& layout, bool merge_width) {
  if (layout.columns.old_of_new != nullptr) return;
  const std::uint64_t run_bits = layout.columns.extent * layout.bits;
  const bool dense = layout.stride == layout.columns.extent;
  if (merge_width && dense && !layout.rows.empty() && is_element_width(run_bits)) {
    layout.bits = static_cast<unsigned>(run_bits);
    layout.columns = take_last(layout.rows);
    layout.stride = layout.columns.extent;
  } else if (run_bits % 8 == 0 && layout.stride * layout.bits % 8 == 0) {
    layout.columns.extent = run_bits / 8;
    layout.stride = layout.stride * layout.bits / 8;
    layout.bits = 8;
  }
}

// Rows of a few columns cost more than their bytes: [.., 32, 4*] -> [.., 128*].
void fold_short_rows(Layout& layout) {
  while (layout.columns.old_of_new != nullptr && !layout.rows.empty() &&
         layout.columns.extent < kShortRow && layout.stride == layout.columns.extent &&
         layout.rows.back().extent <= kFoldLimit / layout.columns.extent) {
    const LayoutAxis outer = take_last(layout.rows);
    const LayoutAxis inner = layout.columns;
    std::vector<std::uint32_t> folded;
    folded.reserve(outer.extent * inner.extent);
    for (std::uint64_t i = 0; i < outer.extent; ++i) {
      const std::uint64_t source = outer.old_of_new != nullptr ? outer.old_of_new[i] : i;
      for (std::uint64_t j = 0; j < inner.extent; ++j) {
        folded.push_back(static_cast<std::uint32_t>(source * inner.extent + inner.old_of_new[j]));
      }
    }
    layout.folded = std::move(folded);
    layout.columns = {layout.folded.size(), layout.folded.data()};
    layout.stride = layout.columns.extent;
  }
}

Result<void> check_length(const PayloadMove& move, std::uint64_t rows, std::uint64_t stride,
                          std::uint64_t columns) {
  const auto positions = checked_mul(rows, stride);
  if (!positions || *positions > kMostElements) return misfit(move, "its rows are too long");
  const std::uint64_t used = rows == 0 || columns == 0 ? 0 : *positions - stride + columns;
  const std::uint64_t least = (used * move.view.bits + 7) / 8;
  const std::uint64_t most = (*positions * move.view.bits + 7) / 8;
  if (move.length < least || move.length > most) {
    return misfit(move, "its shape does not fit its " + std::to_string(move.length) + " bytes");
  }
  return {};
}

}  // namespace

Result<std::vector<LayoutAxis>> checked_axes(const PayloadMove& move,
                                             std::span<const Permutation> permutations) {
  const std::vector<std::uint64_t>& shape = move.view.shape;
  if (move.axes.size() != shape.size()) return misfit(move, "its axes do not fit its shape");
  std::vector<LayoutAxis> axes;
  std::uint64_t elements = 1;  // an empty axis counts as 1, so that no product of others overflows
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto product = checked_mul(elements, std::max<std::uint64_t>(shape[i], 1));
    if (!product || *product > kMostElements) return misfit(move, "its shape is too large");
    elements = *product;
    const std::uint32_t* index = nullptr;
    if (move.axes[i] != kNone) {
      if (move.axes[i] >= permutations.size() || permutations[move.axes[i]].size() != shape[i]) {
        return misfit(move, "the permutation of axis " + std::to_string(i) + " does not fit");
      }
      index = permutations[move.axes[i]].old_of_new().data();
    }
    axes.push_back({shape[i], index});
  }
  return axes;
}

Result<Layout> make_layout(const PayloadMove& move, std::span<const Permutation> permutations,
                           bool merge_width) {
  auto axes = checked_axes(move, permutations);
  if (!axes) return fail(std::move(axes.error()));
  const unsigned bits = move.view.bits;
  if (bits != 4 && !is_element_width(bits)) return misfit(move, "elements of unknown width");

  const LayoutAxis last = axes->empty() ? LayoutAxis{} : axes->back();
  const std::uint64_t stride = move.view.row_stride == 0 ? last.extent : move.view.row_stride;
  if (stride < last.extent) return misfit(move, "its rows overlap");
  std::uint64_t rows = 1;
  for (std::size_t i = 0; i + 1 < axes->size(); ++i) rows *= (*axes)[i].extent;
  if (auto fits = check_length(move, rows, stride, last.extent); !fits) {
    return fail(std::move(fits.error()));
  }

  Layout layout;
  layout.bits = bits;
  if (move.length == 0) return layout;
  if (stride == last.extent) {
    layout.rows = merge_still(*axes);
    layout.columns = take_last(layout.rows);
    layout.stride = layout.columns.extent;
  } else {
    layout.rows = merge_still(std::span(*axes).first(axes->size() - 1));
    layout.columns = last;
    layout.stride = stride;
  }
  widen(layout, merge_width);
  fold_short_rows(layout);
  return layout;
}

RowSource::RowSource(std::span<const LayoutAxis> rows) {
  if (rows.empty()) return;
  outer_ = rows.first(rows.size() - 1);
  last_ = rows.back();
  enter_block(0);
}

void RowSource::enter_block(std::uint64_t row) {
  std::uint64_t block = row / last_.extent;
  block_begin_ = block * last_.extent;
  source_begin_ = 0;
  std::uint64_t rows_below = last_.extent;
  for (std::size_t i = outer_.size(); i-- > 0;) {
    const LayoutAxis& axis = outer_[i];
    const std::uint64_t index = block % axis.extent;
    block /= axis.extent;
    source_begin_ += (axis.old_of_new != nullptr ? axis.old_of_new[index] : index) * rows_below;
    rows_below *= axis.extent;
  }
}

}  // namespace permcrypt
