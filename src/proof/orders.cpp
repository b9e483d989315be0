#include "proof/orders.h"

#include <algorithm>
#include <string>
#include <utility>

namespace permcrypt::proof {
namespace {

constexpr std::int64_t kMaxRepeats = std::int64_t{1} << 20;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 26;  // larger axes are not spelled out

Contradiction unlike(const char* what) { return {std::string(what) + " in different orders"}; }

}  // namespace

Orders::Orders(Terms& terms) : terms_(terms), orders_(1), repeats_(2) {}

std::int64_t Orders::small(TermId extent) const {
  const auto value = terms_.value(extent);
  if (!value) throw NotUnderstood{"a renumbered axis of unknown extent"};
  if (*value < 0 || *value > kMaxExtent) throw NotUnderstood{"an axis too long to follow"};
  return *value;
}

OrderId Orders::intern(Order order) {
  if (is_plain(order.permutation)) return kPlain;
  const auto [it, inserted] = order_ids_.try_emplace(std::move(order), 0);
  if (inserted) {
    it->second = static_cast<OrderId>(orders_.size());
    orders_.push_back(it->first);
  }
  return it->second;
}

OrderId Orders::of(Index old_of_new) { return intern({std::move(old_of_new), terms_.constant(1)}); }

OrderId Orders::inverse(OrderId order) {
  const Order& o = whole(order);
  Index out(o.permutation.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[o.permutation[i]] = static_cast<std::uint32_t>(i);
  }
  return intern({std::move(out), o.inner});
}

Index Orders::index(const Axis& axis) const {
  const std::int64_t extent = small(axis.extent);
  return axis.order == kPlain ? counting(static_cast<std::size_t>(extent))
                              : permutation(axis.order);
}

// Of one order, one spelling: over the whole of a constant extent, else as short as it gets.
OrderId Orders::canonical(const Block& block, TermId extent) {
  if (is_plain(block.permutation)) return kPlain;
  if (terms_.value(extent)) {
    const auto total = static_cast<std::size_t>(small(extent));
    const auto inner = static_cast<std::size_t>(small(block.inner));
    const std::size_t covered = block.permutation.size() * inner;
    if (covered == 0 || total % covered != 0) throw NotUnderstood{"an order that does not fit"};
    return of(times(counting(total / covered), times(block.permutation, counting(inner))));
  }
  const Index minimal = without_major(block.permutation);
  const std::uint32_t minor = plain_minor(minimal);
  return intern(
      {come_apart(minimal, minor)->first, terms_.multiply(block.inner, terms_.constant(minor))});
}

RepeatId Orders::intern_repeats(const Index& classes, TermId inner) {
  std::map<std::uint32_t, std::uint32_t> first;
  Index named;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    named.push_back(first.try_emplace(classes[i], static_cast<std::uint32_t>(i)).first->second);
  }
  if (is_plain(named)) return kDistinct;
  if (std::ranges::all_of(named, [](std::uint32_t c) { return c == 0; }) &&
      inner == terms_.constant(1)) {
    return kAllSame;
  }
  const auto [it, inserted] = repeat_ids_.try_emplace({std::move(named), inner}, 0);
  if (inserted) {
    it->second = static_cast<RepeatId>(repeats_.size());
    repeats_.push_back(it->first);
  }
  return it->second;
}

Index Orders::classes(const Axis& axis) const {
  const auto extent = static_cast<std::size_t>(small(axis.extent));
  if (axis.repeats == kDistinct) return counting(extent);
  return axis.repeats == kAllSame ? Index(extent, 0) : repeats_[axis.repeats].permutation;
}

Axis Orders::select(const Axis& axis, std::span<const std::int64_t> positions) {
  if (is_fibred(axis.order)) {
    return at_each_fibre(std::span(&axis, 1), [&](const std::vector<Axis>& here) {
      return std::vector{select(here[0], positions)};
    })[0];
  }
  const TermId extent = terms_.constant(static_cast<std::int64_t>(positions.size()));
  if (axis.order == kPlain && !terms_.value(axis.extent)) return {extent, kPlain, kDistinct};
  const Index order = index(axis), held = classes(axis);
  for (const std::int64_t p : positions) {
    if (p < 0 || p >= static_cast<std::int64_t>(order.size())) {
      throw NotUnderstood{"a position out of range"};
    }
  }
  Index picked;
  std::map<std::uint32_t, std::vector<std::uint32_t>> places;  // where a class comes out
  for (const std::int64_t p : positions) {
    const std::uint32_t what = held[static_cast<std::size_t>(p)];
    places[what].push_back(static_cast<std::uint32_t>(picked.size()));
    picked.push_back(what);
  }
  Index out;
  std::map<std::uint32_t, std::size_t> used;  // the k-th time to the k-th place
  for (const std::int64_t p : positions) {
    const auto found = places.find(held[order[static_cast<std::size_t>(p)]]);
    if (found == places.end()) throw Contradiction{"other elements are picked"};
    std::size_t& k = used[found->first];
    if (k == found->second.size()) throw Contradiction{"other elements are picked"};
    out.push_back(found->second[k++]);
  }
  return {extent, of(std::move(out)), intern_repeats(picked)};
}

Axis Orders::gather(const Axis& axis, const Index& by) {
  const Index order = index(axis);
  Index out;
  std::vector<bool> seen(order.size(), false);
  for (const std::uint32_t i : by) {
    if (i >= order.size() || seen[i]) throw Contradiction{"a lock whose key is no permutation"};
    seen[i] = true;
    out.push_back(order[i]);
  }
  if (out.size() != order.size()) throw Contradiction{"a lock of another extent than its axis"};
  return {axis.extent, of(std::move(out)), axis.repeats};
}

Axis Orders::runs(const Axis& axis, std::int64_t size) {
  if (size < 1) throw NotUnderstood{"runs without elements"};
  if (axis.order == kPlain && !terms_.value(axis.extent)) {
    const auto count = terms_.divide_exactly(axis.extent, terms_.constant(size));
    if (!count) throw NotUnderstood{"a dynamic axis in runs that do not divide it"};
    return {*count, kPlain, kDistinct};
  }
  const Index order = index(axis);
  const auto run = static_cast<std::size_t>(size);
  Index out;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto from = static_cast<std::uint32_t>(order[i] / run);
    if (i % run == 0) out.push_back(from);
    if (out.back() != from) throw Contradiction{"what shares a scale is torn apart"};
  }
  const TermId extent = terms_.constant(static_cast<std::int64_t>(out.size()));
  return {extent, of(std::move(out)), kDistinct};
}

Axis Orders::concatenate(std::span<const Axis> parts) {
  if (fibre_count(parts) > 1) {
    return at_each_fibre(parts, [&](const std::vector<Axis>& here) {
      return std::vector{concatenate(here)};
    })[0];
  }
  TermId extent = terms_.constant(0);
  bool plain = true, repeats = false;
  for (const Axis& part : parts) {
    extent = terms_.add(extent, part.extent);
    plain = plain && part.order == kPlain;
    repeats = repeats || part.repeats != kDistinct;
  }
  if (parts.size() == 1) return parts[0];
  if (plain && (!repeats || !terms_.value(extent))) return {extent, kPlain, kDistinct};
  Index order, held;
  for (const Axis& part : parts) {
    const auto base = static_cast<std::uint32_t>(order.size());
    for (const std::uint32_t i : index(part)) order.push_back(base + i);
    for (const std::uint32_t i : classes(part)) held.push_back(base + i);
  }
  return {extent, of(std::move(order)), intern_repeats(held)};
}

RepeatId Orders::joint(const Axis& x, const Axis& y) {
  if (x.repeats == y.repeats) return x.repeats;
  if (x.repeats == kDistinct || y.repeats == kDistinct || !terms_.value(x.extent)) {
    return kDistinct;
  }
  const Index a = classes(x), b = classes(y);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> named;
  Index out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto next = static_cast<std::uint32_t>(named.size());
    out.push_back(named.try_emplace({a[i], b[i]}, next).first->second);
  }
  return intern_repeats(out);
}

// A block of which as much is spelled out as has a constant extent, and what is left.
std::pair<Index, TermId> Orders::spelled_out(const Block& block) const {
  const auto inner = terms_.value(block.inner);
  if (!inner || *inner > kMaxRepeats) return {block.permutation, block.inner};
  return {times(block.permutation, counting(static_cast<std::size_t>(*inner))), terms_.constant(1)};
}

bool Orders::holds(const Axis& axis, OrderId order) const {
  if (axis.order == order || axis.repeats == kAllSame) return true;
  if (axis.repeats == kDistinct) return false;
  auto [held, inner] = spelled_out(repeats_[axis.repeats]);
  std::vector<Index> both;
  for (const OrderId o : {axis.order, order}) {
    auto [index, its_inner] =
        o == kPlain ? std::pair(counting(held.size()), inner) : spelled_out(whole(o));
    if (its_inner != inner) return false;
    both.push_back(std::move(index));
  }
  const std::size_t size = std::max({held.size(), both[0].size(), both[1].size()});
  for (Index* index : {&held, &both[0], &both[1]}) {
    if (size % index->size() != 0) return false;
    *index = times(counting(size / index->size()), *index);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (held[both[0][i]] != held[both[1][i]]) return false;
  }
  return true;
}

TermId Orders::broadcast(TermId x, TermId y) {
  std::set<TermId> parts;
  for (const TermId z : {x, y}) {
    const auto found = broadcasts_.find(z);
    if (found == broadcasts_.end()) {
      parts.insert(z);
    } else {
      parts.insert(found->second.begin(), found->second.end());
    }
  }
  std::erase_if(parts, [&](TermId z) {
    const auto bound = at_most_.find(z);
    return bound != at_most_.end() && parts.contains(bound->second);
  });
  if (parts.size() == 1) return *parts.begin();
  const TermId out = terms_.function("broadcast", {parts.begin(), parts.end()}, true);
  broadcasts_[out] = std::move(parts);
  return out;
}

std::optional<OrderId> Orders::common_order(const Axis& x, const Axis& y) {
  if (x.repeats == kDistinct || y.repeats == kDistinct || !terms_.value(x.extent)) return {};
  const Index held_x = classes(x), held_y = classes(y), order_x = index(x), order_y = index(y);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> places;
  for (std::uint32_t i = 0; i < held_x.size(); ++i) places[{held_x[i], held_y[i]}].push_back(i);
  for (auto& [classes, list] : places) std::ranges::reverse(list);
  Index out;
  for (std::size_t i = 0; i < held_x.size(); ++i) {
    const auto found = places.find({held_x[order_x[i]], held_y[order_y[i]]});
    if (found == places.end() || found->second.empty()) return std::nullopt;
    out.push_back(found->second.back());
    found->second.pop_back();
  }
  return of(std::move(out));
}

Axis Orders::meet(const Axis& x, const Axis& y) {
  if (terms_.is(x.extent, 1)) return y;
  if (terms_.is(y.extent, 1)) return x;
  if (x.extent != y.extent) {
    const auto a = terms_.value(x.extent), b = terms_.value(y.extent);
    if (a && b) throw NotUnderstood{"extents that do not fit"};
    const Axis &longer = a ? x : y, &open = a ? y : x;
    // Either as long or, at run time, a single element that is repeated.
    if (a || b) {
      if (open.order != kPlain || longer.order != kPlain) {
        throw NotUnderstood{"a renumbered axis meets one of unknown extent"};
      }
      return {longer.extent, kPlain, kDistinct};
    }
    if (x.order != kPlain || y.order != kPlain) {
      throw NotUnderstood{"a renumbered axis meets one of unknown extent"};
    }
    const bool same = x.repeats == kAllSame && y.repeats == kAllSame;
    return {broadcast(x.extent, y.extent), kPlain, same ? kAllSame : kDistinct};
  }
  const bool leads = x.leads || y.leads;
  if (holds(x, y.order)) return {x.extent, y.order, joint(x, y), leads};
  if (holds(y, x.order)) return {x.extent, x.order, joint(x, y), leads};
  if (const auto order = common_order(x, y)) return {x.extent, *order, joint(x, y), leads};
  throw unlike("elements meet");
}

}  // namespace permcrypt::proof
