#include "infer/small_tensor.h"

#include <algorithm>
#include <set>

namespace permcrypt {

std::size_t count_elements(const std::vector<std::int64_t>& shape) {
  std::size_t n = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || static_cast<std::size_t>(extent) > kMaxFoldedInts) return kMaxFoldedInts + 1;
    n = std::min(n * static_cast<std::size_t>(extent), kMaxFoldedInts + 1);
  }
  return n;
}

void append_element(SmallTensor& to, const SmallTensor& from, std::size_t index) {
  if (from.integral) {
    to.ints.push_back(from.ints[index]);
  } else {
    to.reals.push_back(from.reals[index]);
  }
}

std::optional<std::vector<std::int64_t>> broadcast_shape(const std::vector<std::int64_t>& x,
                                                         const std::vector<std::int64_t>& y) {
  std::vector<std::int64_t> out(std::max(x.size(), y.size()), 1);
  for (std::size_t k = 1; k <= out.size(); ++k) {
    const std::int64_t a = k <= x.size() ? x[x.size() - k] : 1;
    const std::int64_t b = k <= y.size() ? y[y.size() - k] : 1;
    if (a != b && a != 1 && b != 1) return std::nullopt;
    out[out.size() - k] = a == 1 ? b : a;
  }
  return out;
}

std::optional<std::vector<std::size_t>> broadcast_index(const std::vector<std::int64_t>& from,
                                                        const std::vector<std::int64_t>& to) {
  const std::size_t total = count_elements(to);
  if (total > kMaxFoldedInts || from.size() > to.size()) return std::nullopt;
  std::vector<std::size_t> out{0};
  // Major axis first: every index so far is repeated for each index of the next axis.
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t lead = to.size() - from.size();
    const std::size_t extent = i < lead ? 1 : static_cast<std::size_t>(from[i - lead]);
    std::vector<std::size_t> next;
    next.reserve(out.size() * static_cast<std::size_t>(to[i]));
    for (const std::size_t base : out) {
      for (std::size_t j = 0; j < static_cast<std::size_t>(to[i]); ++j) {
        next.push_back(base * extent + (extent == 1 ? 0 : j));
      }
    }
    out = std::move(next);
  }
  return out;
}

namespace {

// Extents before and behind an axis, multiplied up.
std::pair<std::size_t, std::size_t> around(const std::vector<std::int64_t>& shape,
                                           std::size_t axis) {
  const auto middle = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return {count_elements({shape.begin(), middle}), count_elements({middle + 1, shape.end()})};
}

}  // namespace

std::optional<SmallTensor> take(const SmallTensor& x, const SmallTensor& indices,
                                std::size_t axis) {
  const auto [outer, inner] = around(x.shape, axis);
  const std::int64_t extent = x.shape[axis];
  SmallTensor out{{}, x.integral, {}, {}};
  out.shape.assign(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  out.shape.insert(out.shape.end(), indices.shape.begin(), indices.shape.end());
  out.shape.insert(out.shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
                   x.shape.end());
  if (count_elements(out.shape) > kMaxFoldedInts) return std::nullopt;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::int64_t index : indices.ints) {
      if (index < 0) index += extent;
      if (index < 0 || index >= extent) return std::nullopt;
      const std::size_t row =
          (o * static_cast<std::size_t>(extent) + static_cast<std::size_t>(index)) * inner;
      for (std::size_t i = 0; i < inner; ++i) append_element(out, x, row + i);
    }
  }
  return out;
}

std::optional<SmallTensor> concatenate(std::span<const SmallTensor* const> parts,
                                       std::size_t axis) {
  SmallTensor out{parts[0]->shape, parts[0]->integral, {}, {}};
  out.shape[axis] = 0;
  std::size_t total = 0;
  for (const SmallTensor* p : parts) {
    if (p->shape.size() != out.shape.size() || p->integral != out.integral) return std::nullopt;
    for (std::size_t i = 0; i < out.shape.size(); ++i) {
      if (i != axis && p->shape[i] != parts[0]->shape[i]) return std::nullopt;
    }
    out.shape[axis] += p->shape[axis];
    total += p->size();
  }
  if (total > kMaxFoldedInts) return std::nullopt;
  const auto [outer, inner] = around(out.shape, axis);
  for (std::size_t o = 0; o < outer; ++o) {
    for (const SmallTensor* p : parts) {
      const std::size_t run = static_cast<std::size_t>(p->shape[axis]) * inner;
      for (std::size_t i = 0; i < run; ++i) append_element(out, *p, o * run + i);
    }
  }
  return out;
}

std::optional<SmallTensor> transposed(const SmallTensor& x, const std::vector<std::size_t>& perm) {
  const std::size_t rank = x.shape.size();
  const std::set<std::size_t> axes(perm.begin(), perm.end());
  if (perm.size() != rank || axes.size() != rank) return std::nullopt;
  std::vector<std::size_t> stride(rank, 1);
  for (std::size_t i = rank; i-- > 1;)
    stride[i - 1] = stride[i] * static_cast<std::size_t>(x.shape[i]);
  SmallTensor out{{}, x.integral, {}, {}};
  std::vector<std::size_t> index{0};
  for (const std::size_t p : perm) {
    out.shape.push_back(x.shape[p]);
    std::vector<std::size_t> next;
    for (const std::size_t base : index) {
      for (std::size_t j = 0; j < static_cast<std::size_t>(x.shape[p]); ++j) {
        next.push_back(base + j * stride[p]);
      }
    }
    index = std::move(next);
  }
  for (const std::size_t i : index) append_element(out, x, i);
  return out;
}

std::vector<std::int64_t> slice_positions(std::int64_t extent, std::int64_t start, std::int64_t end,
                                          std::int64_t step) {
  const auto clamp = [&](std::int64_t v, std::int64_t low, std::int64_t high) {
    if (v < 0) v = v < -extent ? -1 : v + extent;
    return std::clamp(v, low, high);
  };
  std::vector<std::int64_t> out;
  if (step > 0) {
    end = clamp(end, 0, extent);
    for (std::int64_t i = clamp(start, 0, extent); i < end; i += std::min(step, extent + 1))
      out.push_back(i);
  } else if (extent > 0) {
    end = clamp(end, -1, extent - 1);
    for (std::int64_t i = clamp(start, 0, extent - 1); i > end; i += std::max(step, -extent - 1))
      out.push_back(i);
  }
  return out;
}

}  // namespace permcrypt
