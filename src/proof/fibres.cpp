// Orders that depend on the position on another axis.
#include "proof/fibres.h"

#include <algorithm>

namespace permcrypt::proof {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 26;

bool all_equal(const std::vector<OrderId>& orders) {
  return std::ranges::all_of(orders, [&](OrderId order) { return order == orders.front(); });
}

}  // namespace

const Orders::Order& Orders::whole(OrderId order) const {
  if (is_fibred(order)) throw NotUnderstood{"an order that depends on another axis"};
  return orders_[order];
}

OrderId Orders::fibred(std::vector<OrderId> fibres) {
  if (fibres.empty()) throw NotUnderstood{"an axis without positions"};
  if (all_equal(fibres)) return fibres.front();
  if (std::ranges::any_of(fibres, [&](OrderId order) { return is_fibred(order); })) {
    throw NotUnderstood{"an order that depends on two axes"};
  }
  Order order{{}, terms_.constant(1), std::move(fibres)};
  const auto [it, inserted] = order_ids_.try_emplace(std::move(order), 0);
  if (inserted) {
    it->second = static_cast<OrderId>(orders_.size());
    orders_.push_back(it->first);
  }
  return it->second;
}

OrderId Orders::repeat_fibres(OrderId order, std::int64_t times) {
  if (!is_fibred(order)) return order;
  std::vector<OrderId> fibres;
  for (const OrderId fibre : orders_[order].fibres) {
    for (std::int64_t i = 0; i < times; ++i) fibres.push_back(fibre);
  }
  return fibred(std::move(fibres));
}

void Orders::must_follow(OrderId fibred, const Axis& lead, OrderId after) const {
  if (lead.order == after || !is_fibred(fibred)) return;
  const std::vector<OrderId>& fibres = orders_[fibred].fibres;
  const Index was = index(lead), is = index({lead.extent, after});
  for (std::size_t i = 0; i < was.size(); ++i) {
    if (was[i] >= fibres.size() || is[i] >= fibres.size()) {
      throw NotUnderstood{"an order that depends on another axis"};
    }
    if (fibres[was[i]] != fibres[is[i]]) {
      throw Contradiction{"what depends on an axis keeps its order where the axis takes another"};
    }
  }
}

// An axis of unknown extent that leads is a plain one times one of as many positions as there are
// fibres.
Axis Orders::constant_part(const Axis& lead, std::size_t fibres) {
  const NotUnderstood unknown{"a renumbered axis of unknown extent"};
  const auto total = static_cast<std::int64_t>(fibres);
  const TermId extent = terms_.constant(total);
  if (!terms_.divide_exactly(lead.extent, extent)) throw unknown;
  Axis out{extent, kPlain, kDistinct, true};
  if (lead.order == kPlain) return out;
  const auto [index, inner] = spelled_out(whole(lead.order));
  if (!terms_.is(inner, 1) || fibres % index.size() != 0) throw unknown;
  out.order = of(times(counting(fibres / index.size()), index));
  return out;
}

// The permutation of axes of which one leads others behind it.
Orders::Block Orders::interleave(std::span<const Axis> axes) {
  const auto first = std::ranges::find_if(
      axes, [](const Axis& axis) { return axis.leads || axis.order != kPlain; });
  std::vector<Axis> moving(first, axes.end());
  if (moving[0].leads && !terms_.value(moving[0].extent)) {
    moving[0] = constant_part(moving[0], fibre_count(axes));
  }
  Index out = {0}, lead = {0};
  bool led = false;
  for (const Axis& axis : moving) {
    const auto extent = static_cast<std::size_t>(small(axis.extent));
    const bool fibred = is_fibred(axis.order);
    if (fibred && (!led || axis.leads))
      throw NotUnderstood{"an axis in front of what it depends on"};
    if (extent == 0 || out.size() > kMaxElements / extent) {
      throw NotUnderstood{"an axis too long to follow"};
    }
    Index next, next_lead;
    for (std::size_t at = 0; at < out.size(); ++at) {
      const auto& fibres = orders_[axis.order].fibres;
      const OrderId order = fibred ? fibres[lead[at] % fibres.size()] : axis.order;
      const Index here = index({axis.extent, order});
      if (here.size() != extent) throw NotUnderstood{"an order that does not fit"};
      for (const std::uint32_t place : here) {
        next.push_back(out[at] * static_cast<std::uint32_t>(extent) + place);
        next_lead.push_back(axis.leads ? place : lead[at]);
      }
    }
    led = led || axis.leads;
    out = std::move(next);
    lead = std::move(next_lead);
  }
  return {std::move(out), terms_.constant(1)};
}

// How many orders an axis has that depends on another; 1 where none does.
std::size_t Orders::fibre_count(std::span<const Axis> axes) const {
  std::size_t count = 1;
  for (const Axis& axis : axes) {
    const std::size_t fibres = orders_[axis.order].fibres.size();
    if (fibres == 0) continue;
    if (count != 1 && count != fibres) throw NotUnderstood{"an order that depends on two axes"};
    count = fibres;
  }
  return count;
}

std::vector<Axis> Orders::at_fibre(std::span<const Axis> axes, std::size_t k) const {
  std::vector<Axis> out(axes.begin(), axes.end());
  for (Axis& axis : out) {
    if (is_fibred(axis.order)) axis.order = orders_[axis.order].fibres[k];
  }
  return out;
}

std::vector<Axis> Orders::at_each_fibre(
    std::span<const Axis> axes,
    const std::function<std::vector<Axis>(const std::vector<Axis>&)>& make) {
  std::vector<Axis> out;
  std::vector<std::vector<OrderId>> orders;
  for (std::size_t k = 0, count = fibre_count(axes); k < count; ++k) {
    out = make(at_fibre(axes, k));
    orders.resize(out.size());
    for (std::size_t i = 0; i < out.size(); ++i) orders[i].push_back(out[i].order);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].order = fibred(std::move(orders[i]));
    if (is_fibred(out[i].order)) out[i].repeats = kDistinct;
  }
  return out;
}

// The axis that leads is elsewhere: whatever its position, the same happens to the order there.
Orders::Part Orders::regroup_fibres(std::span<const Axis> from, std::span<const TermId> to) {
  return {at_each_fibre(from,
                        [&](const std::vector<Axis>& here) {
                          Part part = regroup_part(here, to);
                          if (part.families.empty()) return std::move(part.axes);
                          throw NotUnderstood{"an order that depends on two axes"};
                        }),
          {}};
}

std::optional<std::size_t> Orders::leading(std::span<const Axis> axes, std::int64_t inner,
                                           std::vector<OrderId>& orders) const {
  const NotUnderstood unknown{"an order that depends on two axes"};
  for (std::size_t i = axes.size(); i-- > 0 && !all_equal(orders);) {
    const auto extent = terms_.value(axes[i].extent);
    if (extent == 0) throw unknown;
    if (inner > 1 && extent && inner % *extent == 0) {
      inner /= *extent;
      continue;
    }
    if (static_cast<std::size_t>(inner) > kMaxElements / orders.size()) throw unknown;
    std::vector<OrderId> each;
    for (const OrderId order : orders)
      each.insert(each.end(), static_cast<std::size_t>(inner), order);
    orders = std::move(each);
    inner = 1;
    const std::size_t size = orders.size();
    if (!extent) {
      if (!terms_.divide_exactly(axes[i].extent,
                                 terms_.constant(static_cast<std::int64_t>(size)))) {
        throw unknown;
      }
      return i;
    }
    const auto n = static_cast<std::size_t>(*extent);
    if (n % size == 0) {
      for (std::size_t k = size; k < n; ++k) orders.push_back(orders[k - size]);
      return i;
    }
    if (size % n != 0) throw unknown;
    std::vector<OrderId> column(orders.begin(), orders.begin() + static_cast<std::ptrdiff_t>(n)),
        row;
    bool by_column = true, by_row = true;
    for (std::size_t k = 0; k < size; ++k) {
      if (k % n == 0) row.push_back(orders[k]);
      by_column = by_column && orders[k] == column[k % n];
      by_row = by_row && orders[k] == row.back();
    }
    if (!by_column && !by_row) throw unknown;
    orders = by_column ? std::move(column) : std::move(row);
    if (by_column) return i;
  }
  if (!all_equal(orders)) throw unknown;
  return std::nullopt;
}

FibredReshape::FibredReshape(Orders& orders, std::span<const Axis> from) : orders_(orders) {
  const auto found = std::ranges::find_if(from, [](const Axis& axis) { return axis.leads; });
  if (found != from.end()) old_lead_ = &*found;
}

void FibredReshape::append(std::span<const Axis> from, Orders::Part part) {
  const std::size_t base = axes_.size();
  const bool holds_lead = old_lead_ != nullptr && !from.empty() && &from.front() <= old_lead_ &&
                          old_lead_ <= &from.back();
  axes_.insert(axes_.end(), part.axes.begin(), part.axes.end());
  if (holds_lead) lead_part_ = {base, axes_.size()};
  if (holds_lead) {
    for (const Axis* axis = old_lead_ + 1; axis <= &from.back(); ++axis) {
      inner_ = orders_.terms_.multiply(inner_, axis->extent);
    }
    lead_moved_ = from.size() != 1 || part.axes.size() != 1;
  }
  if (!part.families.empty() && old_lead_ != nullptr && !holds_lead) {
    throw NotUnderstood{"an order that depends on two axes"};
  }
  for (Orders::Family& family : part.families) {
    const auto before = std::span(axes_).subspan(base, family.axis);
    const auto lead = orders_.leading(before, 1, family.orders);
    set(base + family.axis, lead ? std::optional(base + *lead) : std::nullopt,
        std::move(family.orders));
  }
}

void FibredReshape::set(std::size_t axis, std::optional<std::size_t> lead,
                        std::vector<OrderId> orders) {
  axes_[axis].order = orders_.fibred(std::move(orders));
  axes_[axis].repeats = kDistinct;
  settled_.insert(axis);
  if (!lead) return;
  if (new_lead_ && new_lead_ != lead) throw NotUnderstood{"orders that depend on several axes"};
  new_lead_ = lead;
}

// What was fibred over an axis that has come apart, or together with others, is so over another.
std::vector<Axis> FibredReshape::finish() {
  for (std::size_t i = 0; lead_moved_ && i < axes_.size(); ++i) {
    if (!orders_.is_fibred(axes_[i].order) || settled_.contains(i)) continue;
    const auto inner = orders_.terms_.value(inner_);
    if (!inner) throw NotUnderstood{"an order that depends on an axis of unknown place"};
    std::vector<OrderId> fibres = orders_.orders_[axes_[i].order].fibres;
    const auto part =
        std::span(axes_).subspan(lead_part_.first, lead_part_.second - lead_part_.first);
    const auto lead = orders_.leading(part, *inner, fibres);
    set(i, lead ? std::optional(lead_part_.first + *lead) : std::nullopt, std::move(fibres));
  }
  if (lead_moved_ || new_lead_) {
    for (Axis& axis : axes_) axis.leads = false;
  }
  if (new_lead_) {
    if (orders_.is_fibred(axes_[*new_lead_].order)) {
      throw NotUnderstood{"orders that depend on one another"};
    }
    axes_[*new_lead_].leads = true;
  }
  return std::move(axes_);
}

}  // namespace permcrypt::proof
