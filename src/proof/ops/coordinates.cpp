// Known positions in several axes at once.
#include <set>

#include "proof/ops/indices.h"

namespace permcrypt::proof {
namespace {

// Rows of coordinates, of which the axes in front of them number the rows.
struct Rows {
  std::vector<std::size_t> extents;  // of the axes in front
  std::size_t coordinates = 1;
  std::vector<std::int64_t> elements;

  std::size_t stride(std::size_t axis) const {
    std::size_t out = coordinates;
    for (std::size_t i = axis + 1; i < extents.size(); ++i) out *= extents[i];
    return out;
  }
  // Coordinate j at position i of the axis and at the first one of all others.
  std::int64_t at(std::size_t j, std::size_t axis, std::size_t i) const {
    return elements[j + i * stride(axis)];
  }
  bool depends(std::size_t j, std::size_t axis) const {
    const std::size_t step = stride(axis);
    for (std::size_t i = j; i < elements.size(); i += coordinates) {
      const std::size_t first = i - i / step % extents[axis] * step;
      if (elements[i] != elements[first]) return true;
    }
    return false;
  }
};

std::optional<Rows> known_rows(const Step& s, std::size_t n) {
  const Claim& index = s.claim(1);
  if (!index.same() || !index.ints || index.ints->empty()) return std::nullopt;
  Rows out;
  out.coordinates = n;
  for (std::size_t i = 0; i + 1 < index.axes->size(); ++i) {
    out.extents.push_back(static_cast<std::size_t>(*s.terms.value((*index.axes)[i].extent)));
  }
  for (const TermId element : *index.ints) {
    const auto value = s.terms.value(element);
    if (!value) return std::nullopt;
    out.elements.push_back(*value);
  }
  return out;
}

}  // namespace

std::optional<Axes> counted_apart(const Step& s, const Axes& x, std::size_t first, std::size_t n) {
  if (first + n > x.size()) return std::nullopt;
  const auto rows = known_rows(s, n);
  if (!rows) return std::nullopt;
  Axes out(s.claim(1).axes->begin(), s.claim(1).axes->end() - 1);
  std::vector<int> counts(out.size(), 0);
  std::vector<bool> moves(out.size(), false);
  for (std::size_t j = 0; j < n; ++j) {
    const Axis& axis = x[first + j];
    std::vector<std::size_t> along;
    for (std::size_t a = 0; a < out.size(); ++a) {
      if (rows->depends(j, a)) along.push_back(a);
    }
    for (const std::size_t a : along) ++counts[a];
    if (axis.order == kPlain) continue;
    if (along.size() > 1) return std::nullopt;
    const std::size_t a = along.empty() ? 0 : along[0];
    std::vector<std::int64_t> positions;
    const std::size_t size = along.empty() ? 1 : rows->extents[a];
    const auto extent = s.terms.value(axis.extent);
    if (!extent) return std::nullopt;
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t c = rows->at(j, a, i);
      positions.push_back(c < 0 ? c + *extent : c);
    }
    if (std::set(positions.begin(), positions.end()).size() != size) return std::nullopt;
    const Axis picked = s.orders.select(axis, positions);
    if (along.empty()) continue;
    moves[a] = true;
    out[a] = picked;
  }
  for (std::size_t a = 0; a < out.size(); ++a) {
    if (moves[a] && counts[a] > 1) return std::nullopt;
  }
  return out;
}

}  // namespace permcrypt::proof
