// Row-major Reshape: which orders do the axes of the result have?
#include <algorithm>
#include <string>

#include "proof/fibres.h"

namespace permcrypt::proof {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 26;
constexpr std::int64_t kMaxRepeats = std::int64_t{1} << 20;

// (i, j): the first i axes of one shape hold as many elements as the first j of the other.
using Cut = std::pair<std::size_t, std::size_t>;

std::vector<TermId> running_products(Terms& terms, const std::vector<TermId>& extents) {
  std::vector<TermId> out = {terms.constant(1)};
  for (const TermId extent : extents) out.push_back(terms.multiply(out.back(), extent));
  return out;
}

// Cuts as seen from the front; from the back, with reversed lists.
std::vector<Cut> find_cuts(Terms& terms, const std::vector<TermId>& x,
                           const std::vector<TermId>& y) {
  const auto a = running_products(terms, x), b = running_products(terms, y);
  std::vector<Cut> out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto found = std::find(b.begin(), b.end(), a[i]);
    if (found != b.end()) out.emplace_back(i, static_cast<std::size_t>(found - b.begin()));
  }
  return out;
}

std::vector<Cut> all_cuts(Terms& terms, std::vector<TermId> x, std::vector<TermId> y) {
  std::vector<Cut> found = find_cuts(terms, x, y);
  std::reverse(x.begin(), x.end());
  std::reverse(y.begin(), y.end());
  for (const auto& [i, j] : find_cuts(terms, x, y)) found.emplace_back(x.size() - i, y.size() - j);
  found.emplace_back(x.size(), y.size());
  std::sort(found.begin(), found.end());
  std::vector<Cut> out = {{0, 0}};
  for (const Cut& cut : found) {
    const bool both_end = cut == Cut(x.size(), y.size());
    const bool one_ends = cut.first == x.size() || cut.second == y.size();
    const bool advances = cut.first > out.back().first && cut.second > out.back().second;
    if (both_end ? cut != out.back() : advances && !one_ends) out.push_back(cut);
  }
  return out;
}

}  // namespace

Orders::Block Orders::multiply(const Block& major, const Axis& minor) {
  if (minor.order == kPlain) {
    return {major.permutation, terms_.multiply(major.inner, minor.extent)};
  }
  const Order& order = whole(minor.order);
  if (is_plain(major.permutation)) return {order.permutation, order.inner};
  const auto inner = terms_.value(major.inner);
  if (!inner || !terms_.value(minor.extent)) {
    throw NotUnderstood{"renumbered axes merge around one of unknown extent"};
  }
  const std::size_t size = static_cast<std::size_t>(small(major.inner)) * order.permutation.size();
  if (size > kMaxElements / major.permutation.size()) {
    throw NotUnderstood{"an axis too long to follow"};
  }
  const Index wide = times(major.permutation, counting(static_cast<std::size_t>(*inner)));
  return {times(wide, order.permutation), terms_.constant(1)};
}

// Takes the minor axis off the block; what it leaves is the rest. Where the axis has another order
// for each position of the rest, that is its family.
OrderId Orders::split_minor(Block& block, TermId extent, std::vector<OrderId>& family) {
  if (is_plain(block.permutation) || terms_.is(extent, 1)) return kPlain;
  if (const auto inner = terms_.divide_exactly(block.inner, extent)) {
    block.inner = *inner;
    return kPlain;
  }
  auto beyond = terms_.divide_exactly(extent, block.inner);
  if (!beyond && terms_.value(block.inner)) {
    block = {times(block.permutation, counting(static_cast<std::size_t>(small(block.inner)))),
             terms_.constant(1)};
    beyond = extent;
  }
  if (!beyond) throw NotUnderstood{"a Reshape of extents that do not divide"};
  const auto size = static_cast<std::int64_t>(block.permutation.size());
  const auto minor = terms_.value(*beyond);
  if (!minor || *minor % size == 0) {
    if (!terms_.divide_exactly(*beyond, terms_.constant(size))) {
      throw NotUnderstood{"a Reshape of extents that do not divide"};
    }
    const OrderId whole = canonical(block, extent);
    block.permutation.clear();
    return whole;
  }
  if (*minor <= 0 || size % *minor != 0) {
    throw NotUnderstood{"a Reshape of extents that do not divide"};
  }
  if (auto parts = come_apart(block.permutation, static_cast<std::size_t>(*minor))) {
    const OrderId order = canonical({std::move(parts->second), block.inner}, extent);
    block = {std::move(parts->first), terms_.constant(1)};
    return order;
  }
  auto parts = come_apart_in_fibres(block.permutation, static_cast<std::size_t>(*minor));
  if (!parts) throw Contradiction{"an axis comes apart into axes that it is no product of"};
  for (Index& fibre : parts->second) {
    family.push_back(canonical({std::move(fibre), block.inner}, extent));
  }
  block = {std::move(parts->first), terms_.constant(1)};
  return kPlain;
}

RepeatId Orders::canonical_repeats(const Block& block, TermId extent) {
  const auto total = terms_.value(extent), inner = terms_.value(block.inner);
  if (!total) return intern_repeats(block.permutation, block.inner);
  const auto covered = static_cast<std::int64_t>(block.permutation.size()) * inner.value_or(0);
  if (covered == 0 || *total % covered != 0) return kDistinct;
  return intern_repeats(
      times(counting(static_cast<std::size_t>(*total / covered)),
            times(block.permutation, counting(static_cast<std::size_t>(*inner)))));
}

// Like split_minor; what cannot be told is taken to be distinct. Positions of a part hold the same
// when all that is at the one is at the other.
RepeatId Orders::split_minor_repeats(Block& block, TermId extent) {
  Index& held = block.permutation;
  if (is_plain(held) || terms_.is(extent, 1)) return kDistinct;
  if (const auto inner = terms_.divide_exactly(block.inner, extent)) {
    block.inner = *inner;
    return kDistinct;
  }
  const auto beyond = terms_.divide_exactly(extent, block.inner);
  const auto size = static_cast<std::int64_t>(held.size());
  const auto minor = beyond ? terms_.value(*beyond) : std::nullopt;
  if (!minor || *minor % size == 0) {
    const bool whole = beyond && terms_.divide_exactly(*beyond, terms_.constant(size));
    const RepeatId out = whole ? canonical_repeats(block, extent) : kDistinct;
    held.clear();
    return out;
  }
  if (*minor <= 0 || size % *minor != 0) {
    held.clear();
    return kDistinct;
  }
  const auto columns = static_cast<std::size_t>(*minor), rows = held.size() / columns;
  std::map<Index, std::uint32_t> first_row, first_column;
  Index by_row, by_column;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto begin = held.begin() + static_cast<std::ptrdiff_t>(i * columns);
    Index row(begin, begin + *minor);
    by_row.push_back(
        first_row.try_emplace(std::move(row), static_cast<std::uint32_t>(i)).first->second);
  }
  for (std::size_t j = 0; j < columns; ++j) {
    Index column;
    for (std::size_t i = 0; i < rows; ++i) column.push_back(held[i * columns + j]);
    by_column.push_back(
        first_column.try_emplace(std::move(column), static_cast<std::uint32_t>(j)).first->second);
  }
  const RepeatId out = canonical_repeats({std::move(by_column), block.inner}, extent);
  block = {std::move(by_row), terms_.constant(1)};
  return out;
}

void Orders::split_repeats(std::span<const Axis> from, std::vector<Axis>& to) {
  if (std::ranges::all_of(from, [](const Axis& a) { return a.repeats == kAllSame; })) {
    for (Axis& axis : to) axis.repeats = kAllSame;
    return;
  }
  Block block{{}, terms_.constant(1)};
  for (const Axis& axis : from) {
    if (axis.repeats == kAllSame && terms_.value(axis.extent) && is_plain(block.permutation)) {
      block = {classes(axis), terms_.constant(1)};
    } else if (axis.repeats == kDistinct ||
               (axis.repeats == kAllSame && !terms_.value(axis.extent))) {
      block.inner = terms_.multiply(block.inner, axis.extent);
    } else if (is_plain(block.permutation)) {
      block = repeats_[axis.repeats];
    } else {
      const auto inner = terms_.value(block.inner), extent = terms_.value(axis.extent);
      if (!inner || !extent || *inner * *extent > kMaxRepeats) return;
      const Index wide = times(block.permutation, counting(static_cast<std::size_t>(*inner)));
      block = {times(wide, classes(axis)), terms_.constant(1)};
    }
  }
  for (std::size_t i = to.size(); i-- > 0;) {
    to[i].repeats = split_minor_repeats(block, to[i].extent);
  }
}

// Both shapes hold as many elements. Where they share what is outside of the block's inner axis,
// they share that axis too, or there is nothing at all: it is said in the extents of the new shape.
bool Orders::equate(Block& block, std::span<const Axis> from, std::span<const TermId> to) {
  TermId before = terms_.constant(1), after = before;
  for (const Axis& axis : from) before = terms_.multiply(before, axis.extent);
  for (const TermId extent : to) after = terms_.multiply(after, extent);
  if (before == after) return false;
  const auto outside = terms_.divide_exactly(before, block.inner);
  const auto inner = outside ? terms_.divide_exactly(after, *outside) : std::nullopt;
  if (inner) block.inner = *inner;
  return inner.has_value();
}

void Orders::split_orders(Block block, std::span<const TermId> to, Part& out) {
  for (std::size_t i = to.size(); i-- > 0;) {
    Family family{i, {}};
    out.axes[i].order = split_minor(block, to[i], family.orders);
    if (!family.orders.empty()) out.families.push_back(std::move(family));
  }
  if (!is_plain(block.permutation)) throw NotUnderstood{"a Reshape to extents unknown"};
}

Orders::Part Orders::regroup_part(std::span<const Axis> from, std::span<const TermId> to) {
  if (from.size() == 1 && to.size() == 1) {
    const bool only_now_known = !terms_.value(from[0].extent) && terms_.value(to[0]);
    if (!only_now_known || from[0].order != kPlain || from[0].leads) return {{from[0]}, {}};
    return {{{to[0], kPlain, kDistinct}}, {}};
  }
  const auto is_fibred = [&](const Axis& axis) { return this->is_fibred(axis.order); };
  const auto leads = [](const Axis& axis) { return axis.leads; };
  if (std::ranges::any_of(from, is_fibred) && std::ranges::none_of(from, leads)) {
    return regroup_fibres(from, to);
  }
  Part out;
  for (const TermId extent : to) out.axes.push_back({extent, kPlain, kDistinct});
  const auto renumbered = [](const Axis& axis) { return axis.order != kPlain; };
  const auto repeats = [](const Axis& axis) { return axis.repeats != kDistinct; };
  if (std::ranges::any_of(from, renumbered)) {
    Block block{{}, terms_.constant(1)};
    if (std::ranges::any_of(from, is_fibred)) {
      block = interleave(from);
    } else {
      for (const Axis& axis : from) block = multiply(block, axis);
    }
    const bool equated = equate(block, from, to);
    try {
      split_orders(std::move(block), to, out);
    } catch (const Contradiction& c) {
      if (equated) throw NotUnderstood{c.what};  // what came apart may come together again
      throw;
    }
  }
  if (std::ranges::any_of(from, repeats)) split_repeats(from, out.axes);
  return out;
}

std::vector<Axis> Orders::regroup(std::span<const Axis> from, std::span<const TermId> to) {
  std::vector<Axis> old;
  std::vector<TermId> before, after;
  for (const Axis& axis : from) {
    if (terms_.is(axis.extent, 1)) continue;
    old.push_back(axis);
    before.push_back(axis.extent);
  }
  for (const TermId extent : to) {
    if (!terms_.is(extent, 1)) after.push_back(extent);
  }
  FibredReshape moved(*this, old);
  Cut last = {0, 0};
  for (const Cut& cut : all_cuts(terms_, before, after)) {
    const auto part = std::span(old).subspan(last.first, cut.first - last.first);
    moved.append(
        part, regroup_part(part, std::span(after).subspan(last.second, cut.second - last.second)));
    last = cut;
  }
  const std::vector<Axis> axes = moved.finish();
  std::vector<Axis> out;
  auto next = axes.begin();
  for (const TermId extent : to) {
    out.push_back(terms_.is(extent, 1) ? Axis{extent, kPlain, kDistinct} : *next++);
  }
  return out;
}

}  // namespace permcrypt::proof
