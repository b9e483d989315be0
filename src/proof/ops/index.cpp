// Operators whose operands are positions: position c of an axis in the order P is where P(c) was,
// so indices into it must have been renumbered by the inverse.
#include <algorithm>
#include <set>

#include "proof/ops/indices.h"

namespace permcrypt::proof {

namespace {

using T = onnx::TensorProto;

// Other axes than the one that is picked from may depend on one another.
void gather(Step& s) {
  if (!s.claim(0).axes || s.claim(0).reshaped()) {
    throw NotUnderstood{"an operand of unknown shape"};
  }
  const Axes& x = *s.claim(0).axes;
  const std::size_t k = s.axis(s.attr("axis", 0), x.size());
  const Axes middle = picked(s, 1, x[k]);
  Axes out(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(k));
  out.insert(out.end(), middle.begin(), middle.end());
  out.insert(out.end(), x.begin() + static_cast<std::ptrdiff_t>(k) + 1, x.end());
  Claim& result = s.out(0, std::move(out), s.type(0));
  result.code = s.claim(0).code;
}

// An axis that operands are indexed along at equal positions. The index may be shorter.
Axis alongside(const Step& s, const Axis& data, const Axis& index) {
  if (data.extent == index.extent) return s.orders.meet(data, index);
  s.in_order(data);
  return s.in_order(index);
}

void gather_elements(Step& s) {
  const Axes &x = shape_of(s, 0), &index = shape_of(s, 1);
  if (x.size() != index.size()) throw NotUnderstood{"operands of unlike rank"};
  const std::size_t k = s.axis(s.attr("axis", 0), x.size());
  must_fit(s, 1, x[k]);
  Axes out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    out.push_back(i == k ? index[i] : alongside(s, x[i], index[i]));
  }
  s.out(0, std::move(out), s.type(0)).code = s.claim(0).code;
}

// Updates may come in any order where they are summed up; of two others that go to one place, the
// last one stays.
void in_any_order(const Step& s, const Axis& updates) {
  if (updates.order == kPlain || s.attr_text("reduction", "none") != "none") return;
  s.assumptions.insert("no two updates of " + s.node.op + " go to one place");
}

void scatter_elements(Step& s) {
  const Axes &x = s.axes(0), &index = shape_of(s, 1), &update = s.axes(2);
  if (x.size() != index.size() || x.size() != update.size()) {
    throw NotUnderstood{"operands of unlike rank"};
  }
  const std::size_t k = s.axis(s.attr("axis", 0), x.size());
  Axes out = x;
  out[k] = must_fit(s, 1, x[k]);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Axis both = s.equal_extents(index[i], update[i]);
    if (i != k) {
      out[i] = alongside(s, x[i], both);
    } else {
      in_any_order(s, both);
    }
    out[i].extent = x[i].extent;
    out[i].repeats = kDistinct;
  }
  s.out(0, std::move(out), s.type(0));
}

// How many coordinates a row of operand k has.
std::size_t coordinates(const Step& s, std::size_t k) {
  const Axes& index = shape_of(s, k);
  if (index.empty()) throw NotUnderstood{"no coordinates"};
  s.in_order(index.back());
  const auto n = s.terms.value(index.back().extent);
  if (!n || *n < 0) throw NotUnderstood{"coordinates of unknown number"};
  return static_cast<std::size_t>(*n);
}

Axes index_axes(const Step& s, std::size_t k, const Axes& x, std::size_t first, std::size_t n) {
  if (first + n > x.size()) throw NotUnderstood{"coordinates beyond the rank"};
  if (n > 1 && s.claim(k).code != kPlain) throw NotUnderstood{"renumbered coordinates"};
  Axes out;
  for (std::size_t i = 0; i < n; ++i) {
    const Axis& axis = x[first + i];
    if (n > 1 && axis.order != kPlain) throw NotUnderstood{"coordinates in renumbered axes"};
    out.push_back(must_fit(s, k, axis));
  }
  return out;
}

void gather_nd(Step& s) {
  const Axes &x = shape_of(s, 0), &index = shape_of(s, 1);
  const auto batch = static_cast<std::size_t>(s.attr("batch_dims", 0));
  const std::size_t n = coordinates(s, 1);
  if (batch + 1 > index.size()) throw NotUnderstood{"batch axes beyond the rank"};
  Axes out(index.begin(), index.end() - 1);
  if (const auto counted = counted_apart(s, x, batch, n)) {
    out = *counted;
  } else {
    index_axes(s, 1, x, batch, n);
  }
  for (std::size_t i = 0; i < batch; ++i) out[i] = s.equal_extents(x[i], out[i]);
  out.insert(out.end(), x.begin() + static_cast<std::ptrdiff_t>(batch + n), x.end());
  s.out(0, std::move(out), s.type(0)).code = s.claim(0).code;
}

bool all_same(const Step& s, const Axes& axes) {
  return std::ranges::all_of(
      axes, [&](const Axis& axis) { return s.is_unit(axis) || axis.repeats == kAllSame; });
}

// Known positions that all get the same, and that are closed under the orders of the axes.
bool fills_closed_set(Step& s, const Axes& x, std::size_t n) {
  const Claim& index = s.claim(1);
  if (!index.same() || !index.ints || index.ints->empty() || !all_same(s, s.axes(2))) return false;
  const auto coordinates = s.constants(1);
  std::vector<Index> orders;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i].order == kPlain) {
      orders.emplace_back();
    } else {
      orders.push_back(s.orders.index(x[i]));
    }
  }
  std::set<std::vector<std::int64_t>> filled, led_to;
  for (std::size_t at = 0; at + n <= coordinates.size(); at += n) {
    std::vector<std::int64_t> here, there;
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t c = coordinates[at + i];
      const Index& order = orders[i];
      if (c < 0 || (!order.empty() && c >= static_cast<std::int64_t>(order.size()))) return false;
      here.push_back(c);
      there.push_back(order.empty() ? c : order[static_cast<std::size_t>(c)]);
    }
    filled.insert(std::move(here));
    led_to.insert(std::move(there));
  }
  return filled == led_to;
}

// Known positions b, b + 1, ... of `x`: what lies there comes from the updates, in their order.
std::optional<Axis> replaced_run(Step& s, const Axis& x, const Axis& update) {
  const Claim& index = s.claim(1);
  if (!index.same() || !index.ints || s.attr_text("reduction", "none") != "none") return {};
  std::vector<std::int64_t> places;
  for (const TermId place : *index.ints) {
    const auto value = s.terms.value(place);
    if (!value || *value < 0 || (!places.empty() && *value != places.back() + 1)) return {};
    places.push_back(*value);
  }
  const auto extent = s.terms.value(x.extent);
  const auto count = static_cast<std::int64_t>(places.size());
  if (places.empty() || !extent || places.back() >= *extent) return {};
  if (s.terms.value(update.extent) != count) return {};
  const Axis parts[] = {s.cut(x, 0, places.front()), update, s.cut(x, places.back() + 1, *extent)};
  return s.orders.concatenate(parts);
}

void scatter_nd(Step& s) {
  const Axes &x = s.axes(0), &index = shape_of(s, 1), &update = s.axes(2);
  const std::size_t n = coordinates(s, 1), lead = index.size() - 1;
  if (n > x.size()) throw NotUnderstood{"coordinates beyond the rank"};
  if (update.size() != lead + x.size() - n) throw NotUnderstood{"updates of another rank"};
  const auto run = n == 1 && lead == 1 ? replaced_run(s, x[0], update[0]) : std::nullopt;
  const bool closed = n == x.size() && fills_closed_set(s, x, n);
  const auto counted = run || closed ? std::nullopt : counted_apart(s, x, 0, n);
  Axes out = run                 ? Axes{*run}
             : closed || counted ? Axes(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n))
                                 : index_axes(s, 1, x, 0, n);
  for (std::size_t i = 0; i < lead && !run; ++i) {
    const Axis both = s.equal_extents(counted ? (*counted)[i] : index[i], update[i]);
    if (!counted) in_any_order(s, both);
  }
  for (std::size_t i = n; i < x.size(); ++i) {
    out.push_back(s.equal_extents(x[i], update[lead + i - n]));
  }
  for (std::size_t i = 0; i < n; ++i) out[i].repeats = kDistinct;
  s.out(0, std::move(out), s.type(0));
}

// The largest are the same wherever they are, if they are not equal.
OrderId positions_in(Step& s, const Axis& axis) {
  if (axis.order == kPlain) return kPlain;
  const std::int32_t type = s.type(0);
  const bool real =
      type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
  if (!real) throw NotUnderstood{"equal integers are told apart by position"};
  s.assumptions.insert("no two numbers that " + s.node.op + " chooses among are equal");
  return s.orders.inverse(axis.order);
}

void top_k(Step& s) {
  Axes out = s.axes(0);
  const std::size_t k = s.axis(s.attr("axis", -1), out.size());
  const OrderId code = positions_in(s, out[k]);
  if (const auto* count = s.attribute("k")) {
    out[k] = s.counted(count->i());
  } else {
    s.must_be_plain(1);
    const auto& ints = s.claim(1).ints;
    out[k] = s.plain(ints && ints->size() == 1 ? ints->front() : s.terms.unknown_extent());
  }
  s.out(0, out, s.type(0));
  s.out(1, std::move(out), T::INT64).code = code;
}

void arg_extreme(Step& s) {
  Axes out = s.axes(0);
  const std::size_t k = s.axis(s.attr("axis", 0), out.size());
  const OrderId code = positions_in(s, out[k]);
  if (s.attr("keepdims", 1) != 0) {
    out[k] = s.unit();
  } else {
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(k));
  }
  s.out(0, std::move(out), T::INT64).code = code;
}

void one_hot(Step& s) {
  Axes out = shape_of(s, 0);
  s.must_be_plain(1);
  s.must_be_plain(2);
  const auto& depth = s.claim(1).ints;
  Axis hot = s.plain(depth && depth->size() == 1 ? depth->front() : s.terms.unknown_extent());
  const OrderId code = s.claim(0).code;
  if (code != kPlain) {
    if (s.terms.value(hot.extent) != static_cast<std::int64_t>(s.orders.permutation(code).size())) {
      throw NotUnderstood{"indices of an axis of another extent"};
    }
    hot.order = s.orders.inverse(code);
  }
  const std::size_t k = s.axis(s.attr("axis", -1), out.size() + 1);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(k), hot);
  s.out(0, std::move(out), s.type(2));
}

void non_zero(Step& s) {
  const Axes& x = s.axes(0);
  for (const Axis& axis : x) s.in_order(axis);
  s.out(0, {s.counted(static_cast<std::int64_t>(x.size())), s.plain(s.terms.unknown_extent())},
        T::INT64);
}

const Entry kEntries[] = {
    {"", "Gather", gather},
    {"com.microsoft", "TorchEmbedding", gather},
    {"", "GatherElements", gather_elements},
    {"", "ScatterElements", scatter_elements},
    {"", "Scatter", scatter_elements},
    {"", "GatherND", gather_nd},
    {"com.microsoft", "GatherND", gather_nd},
    {"", "ScatterND", scatter_nd},
    {"", "TopK", top_k},
    {"", "ArgMax", arg_extreme},
    {"", "ArgMin", arg_extreme},
    {"", "OneHot", one_hot},
    {"", "NonZero", non_zero},
};

}  // namespace

std::span<const Entry> index_definitions() { return kEntries; }

}  // namespace permcrypt::proof
