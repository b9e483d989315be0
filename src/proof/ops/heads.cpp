#include "proof/ops/heads.h"

namespace permcrypt::proof {

Heads heads_of(const Step& s, const Axes& x) {
  for (const std::size_t i : {0, 1, 2}) {
    const bool may_lead = i == 1;
    if (s.orders.is_fibred(x.at(i).order) || (x[i].leads && !may_lead)) {
      throw NotUnderstood{"an order that depends on another axis"};
    }
  }
  return {x[0], x[1], x[2], x.at(3)};
}

Heads split_heads(const Step& s, const Axes& x, std::int64_t heads) {
  const TermId n = s.terms.constant(heads);
  const auto each = heads > 0 ? s.terms.divide_exactly(x.at(2).extent, n) : std::nullopt;
  if (x.size() != 3 || !each) throw NotUnderstood{"no heads"};
  const auto [head, part] = s.divide_in_fibres(x[2], n, *each);
  return {x[0], head, x[1], part};
}

Heads appended(const Step& s, const Heads& before, const Heads& now) {
  const Heads both{s.equal_extents(before.batch, now.batch), s.equal_extents(before.head, now.head),
                   now.place, s.equal_extents(before.part, now.part)};
  for (const Heads* each : {&before, &now}) {
    s.orders.must_follow(each->part.order, each->head, both.head.order);
  }
  return both;
}

Heads appended_to_past(const Step& s, std::size_t past, const Heads& now) {
  if (!s.has(past)) return now;
  const Axes& before = s.fibred_axes(past);
  if (before.size() != 4) throw NotUnderstood{"a past of another rank"};
  return appended(s, heads_of(s, before), now);
}

namespace {

// Heads as an axis of their own: what leads is seen to by whoever knows what they lead.
Axis alone(Axis heads) {
  heads.leads = false;
  return heads;
}

}  // namespace

Axis by_query(const Step& s, const Heads& q, const Heads& k, Axis part) {
  const auto heads = s.terms.value(q.head.extent), groups = s.terms.value(k.head.extent);
  if (s.orders.is_fibred(part.order)) {
    if (!heads || !groups || *groups == 0) throw NotUnderstood{"heads of unknown number"};
    part.order = s.orders.repeat_fibres(part.order, *heads / *groups);
  }
  return part;
}

Axis attend(const Step& s, const Heads& q, const Heads& k, const Heads& v) {
  s.equal_extents(q.part, by_query(s, q, k, k.part));
  s.equal_extents(k.head, v.head);
  s.orders.meet(k.place, v.place);
  s.orders.meet(q.batch, k.batch);
  s.orders.meet(k.batch, v.batch);
  const auto follow = [&](const Heads& x, const Axis& head) {
    s.orders.must_follow(x.part.order, x.head, head.order);
  };
  Axis heads = q.head, shared = q.head;
  if (q.head.extent == k.head.extent) {
    heads = shared = s.orders.meet(s.orders.meet(q.head, k.head), v.head);
    follow(q, heads);
  } else {
    const auto group = s.terms.divide_exactly(q.head.extent, k.head.extent);
    if (!group) throw NotUnderstood{"heads that do not divide"};
    shared = s.divide_in_fibres(alone(q.head), k.head.extent, *group).first;
    if (s.orders.meet(s.orders.meet(shared, k.head), v.head).order != shared.order) {
      throw NotUnderstood{"heads of queries that take the order of keys"};
    }
  }
  follow(k, shared);
  follow(v, shared);
  heads.leads = s.orders.is_fibred(v.part.order);
  return heads;
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
