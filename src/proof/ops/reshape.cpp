// Reshape and Flatten: the elements in row-major order, under other extents.
#include <algorithm>
#include <cmath>

#include "proof/ops/movement.h"

namespace permcrypt::proof {
namespace {

TermId product_of(Terms& t, const std::vector<TermId>& extents) {
  TermId out = t.constant(1);
  for (const TermId e : extents) out = t.multiply(out, e);
  return out;
}

TermId elements(Terms& t, const Axes& x) {
  std::vector<TermId> all;
  for (const Axis& axis : x) all.push_back(axis.extent);
  return product_of(t, all);
}

// The extent that -1 stands for.
TermId rest(Terms& t, const Axes& x, const std::vector<TermId>& known) {
  const TermId total = elements(t, x), covered = product_of(t, known);
  if (const auto exact = t.divide_exactly(total, covered)) return *exact;
  return t.unknown_extent();
}

// Some axes that follow each other hold so many elements: then it is no -1.
bool is_product_of_axes(Terms& t, const Axes& x, TermId extent) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    TermId product = t.constant(1);
    for (std::size_t j = i; j < x.size(); ++j) {
      product = t.multiply(product, x[j].extent);
      if (product == extent) return true;
    }
  }
  return false;
}

// Of a tensor of unknown shape, all of which is in order.
void reshape_unknown(Step& s, const Ints& shape) {
  Axes axes;
  for (const TermId extent : shape) {
    const auto value = s.terms.value(extent);
    axes.push_back(s.plain(value && *value > 0 ? extent : s.terms.unknown_extent()));
  }
  s.out(0, std::move(axes), s.type(0));
}

Ints asked_shape(Step& s) {
  const auto attribute = s.attr_ints("shape");
  if (!attribute) return s.ints(1);
  Ints shape;
  for (const std::int64_t n : *attribute) shape.push_back(s.terms.constant(n));
  return shape;
}

// Of a constant number of elements, the only extent that is open, once or more, can only be the
// root of what the others leave. Says whether it is known now.
bool solve(Terms& t, const Axes& x, bool copies, Ints& shape) {
  std::int64_t total = 1, known = 1, power = 1, copied = 1;
  std::optional<TermId> open;
  std::vector<std::int64_t> as_copied;  // what stands where the open one does
  const auto multiply = [](std::int64_t& by, std::int64_t n) {
    return n > 0 && !__builtin_mul_overflow(by, n, &by);
  };
  for (const Axis& axis : x) {
    if (!multiply(total, t.value(axis.extent).value_or(0))) return false;
  }
  std::int64_t times = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto value = t.value(shape[i]);
    if (value && !multiply(known, *value)) return false;
    if (value) continue;
    if (open && *open != shape[i]) return false;
    open = shape[i];
    ++times;
    as_copied.push_back(i < x.size() ? *t.value(x[i].extent) : 0);
  }
  if (!open || total % known != 0) return false;
  const std::int64_t wanted = total / known;
  const auto root = static_cast<std::int64_t>(
      std::llround(std::pow(static_cast<double>(wanted), 1 / static_cast<double>(times))));
  for (const std::int64_t n : as_copied) {
    if (!multiply(power, root)) return false;
    copied *= std::min(n, wanted + 1);
  }
  if (power != wanted) return false;
  // A zero copies: that may be another shape of as many elements.
  const bool may_copy = copies && copied == wanted;
  if (may_copy && std::ranges::any_of(as_copied, [&](auto n) { return n != root; })) return false;
  std::ranges::replace(shape, *open, t.constant(root));
  return true;
}

// What comes out where a shape asks for an extent that is not constant: -1 and zero have meanings.
TermId asked_extent(Step& s, const Axes& x, std::size_t i, TermId asked, bool copies) {
  Terms& t = s.terms;
  if (t.value(asked) || is_product_of_axes(t, x, asked)) return asked;
  if (!t.nonnegative(asked) && !t.is_multiple(asked)) return t.function("extent", {asked}, true);
  // Of no elements, all is true.
  const bool empty_then = t.divide_exactly(elements(t, x), asked).has_value();
  if (copies && i < x.size() && !empty_then) s.assumptions.insert(t.show(asked) + " is not 0");
  return asked;
}

// Joint axes as one: that is all that a Reshape sees of them.
Axes in_one(const Step& s) { return s.is_joint(0) ? s.with_one(0, s.joint_axes(0)) : moved(s); }

// Of joint axes that stay as they are, only those in front of them come together or apart.
bool keeps_joint(Step& s, const Axes& x, const Ints& shape) {
  if (!s.is_joint(0)) return false;
  const auto last = s.joint_extents(0);
  if (shape.size() < last.size() || !std::equal(last.rbegin(), last.rend(), shape.rbegin())) {
    return false;
  }
  const std::vector<TermId> front(shape.begin(), shape.end() - std::ssize(last));
  Axes out = s.orders.regroup(std::span(x).first(x.size() - 1), front);
  out.push_back(x.back());
  s.out_joint(0, std::move(out), last, s.type(0));
  return true;
}

// What does not come apart stays an order of several axes: of all behind those that both shapes
// begin with.
void reshape_jointly(Step& s, const Axes& x, const Ints& shape) {
  if (keeps_joint(s, x, shape)) return;
  std::size_t same = 0;
  while (same < x.size() && same < shape.size() && x[same].extent == shape[same]) ++same;
  const Axis all = s.product(Axes(x.begin() + static_cast<std::ptrdiff_t>(same), x.end()));
  const std::vector<TermId> extents(shape.begin() + static_cast<std::ptrdiff_t>(same), shape.end());
  TermId count = s.terms.constant(1);
  for (const TermId extent : extents) {
    if (!s.terms.value(extent)) throw NotUnderstood{"several axes are renumbered at once"};
    count = s.terms.multiply(count, extent);
  }
  if (count != all.extent || s.claim(0).code != kPlain) {
    throw NotUnderstood{"several axes are renumbered at once"};
  }
  Axes out(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(same));
  out.push_back(all);
  s.out_joint(0, std::move(out), extents, s.type(0));
}

void reshape(Step& s) {
  if (s.claim(0).same() && !s.claim(0).axes && s.has(1)) return reshape_unknown(s, s.ints(1));
  const Axes& x = s.is_joint(0) ? *s.claim(0).axes : moved(s);
  Ints shape = asked_shape(s);
  const bool copies = s.attr("allowzero", 0) == 0;
  std::vector<TermId> known;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (copies && s.terms.is(shape[i], 0)) {
      if (i >= x.size()) throw NotUnderstood{"copies an axis that is not there"};
      shape[i] = x[i].extent;
    }
    if (s.terms.is(shape[i], -1)) open = i;
  }
  const bool solved = !open && solve(s.terms, x, copies, shape);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (open == i) continue;
    shape[i] = asked_extent(s, x, i, shape[i], copies);
    known.push_back(shape[i]);
  }
  if (open) shape[*open] = rest(s.terms, x, known);
  try {
    move_to(s, s.orders.regroup(in_one(s), shape));
  } catch (const Contradiction& c) {
    if (s.joint_orders) return reshape_jointly(s, in_one(s), shape);
    if (solved) throw NotUnderstood{c.what};  // a later Reshape may put it together again
    throw;
  }
}

void flatten(Step& s) {
  if (s.claim(0).same() && !s.claim(0).axes) {
    const Axis unknown = s.plain(s.terms.unknown_extent());
    s.out(0, {unknown, s.plain(s.terms.unknown_extent())}, s.type(0));
    return;
  }
  const Axes& x = s.is_joint(0) ? *s.claim(0).axes : moved(s);
  const auto rank = static_cast<std::int64_t>(x.size());
  const std::int64_t given = s.attr("axis", 1), k = given < 0 ? given + rank : given;
  if (k < 0 || k > rank) throw NotUnderstood{"an axis out of range"};
  std::vector<TermId> extents(2, s.terms.constant(1));
  for (std::int64_t i = 0; i < rank; ++i) {
    TermId& extent = extents[i < k ? 0 : 1];
    extent = s.terms.multiply(extent, x[static_cast<std::size_t>(i)].extent);
  }
  move_to(s, s.orders.regroup(in_one(s), extents));
}

const Entry kEntries[] = {
    {"", "Reshape", reshape},
    {"", "Flatten", flatten},
};

}  // namespace

std::span<const Entry> reshape_definitions() { return kEntries; }

}  // namespace permcrypt::proof
