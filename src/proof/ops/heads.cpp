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
  for (const Heads* h : {&q, &k, &v}) s.in_order(h->place);
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

void rotate(const Step& s, const Axis& part, const Axes& table, bool interleaved) {
  const auto size = s.terms.value(part.extent);
  if (!size || *size % 2 != 0 || table.empty()) throw NotUnderstood{"parts of unknown extent"};
  for (std::size_t i = 0; i + 1 < table.size(); ++i) s.in_order(table[i]);
  const auto angles = s.terms.value(table.back().extent);
  const TermId two = s.terms.constant(2), half = s.terms.constant(*size / 2);
  if (angles != *size / 2) throw NotUnderstood{"another number of angles"};
  if (interleaved) {
    const auto [angle, pair] = s.divide(part, half, two);
    s.in_order(pair);
    s.orders.meet(angle, table.back());
  } else {
    const auto [pair, angle] = s.divide(part, two, half);
    s.in_order(pair);
    s.orders.meet(angle, table.back());
  }
}

}  // namespace permcrypt::proof
