#include "proof/ops/heads.h"

namespace permcrypt::proof {

Heads split_heads(const Step& s, const Axes& x, std::int64_t heads) {
  const TermId n = s.terms.constant(heads);
  const auto each = heads > 0 ? s.terms.divide_exactly(x.at(2).extent, n) : std::nullopt;
  if (x.size() != 3 || !each) throw NotUnderstood{"no heads"};
  const auto [head, part] = s.divide(x[2], n, *each);
  return {x[0], head, x[1], part};
}

Axis attend(const Step& s, const Heads& q, const Heads& k, const Heads& v) {
  s.equal_extents(q.part, k.part);
  s.equal_extents(k.head, v.head);
  s.orders.meet(k.place, v.place);
  s.orders.meet(q.batch, k.batch);
  s.orders.meet(k.batch, v.batch);
  if (q.head.extent == k.head.extent) {
    return s.orders.meet(s.orders.meet(q.head, k.head), v.head);
  }
  const auto group = s.terms.divide_exactly(q.head.extent, k.head.extent);
  if (!group) throw NotUnderstood{"heads that do not divide"};
  const auto [shared, own] = s.divide(q.head, k.head.extent, *group);
  s.orders.meet(shared, k.head);
  return q.head;
}

void hold_places(const Step& s, const Heads& q, const Heads& k) {
  s.in_order(q.place);
  s.in_order(k.place);
}

void rotate(const Step& s, const Axis& part, const Axis& angles, bool interleaved) {
  const auto size = s.terms.value(part.extent);
  if (!size || *size % 2 != 0) throw NotUnderstood{"parts of unknown extent"};
  if (s.terms.value(angles.extent) != *size / 2) throw NotUnderstood{"another number of angles"};
  const TermId two = s.terms.constant(2), half = s.terms.constant(*size / 2);
  if (interleaved) {
    const auto [angle, pair] = s.divide(part, half, two);
    s.in_order(pair);
    s.orders.meet(angle, angles);
  } else {
    const auto [pair, angle] = s.divide(part, two, half);
    s.in_order(pair);
    s.orders.meet(angle, angles);
  }
}

}  // namespace permcrypt::proof
