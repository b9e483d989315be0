#include "infer/rules/heads.h"

namespace permcrypt {

std::int64_t head_size(const RuleCall& c, const Axis& merged, std::int64_t heads) {
  if (heads < 1 || merged.dynamic() || merged.a % heads != 0) c.give_up("heads do not divide");
  return merged.a / heads;
}

Heads make_heads(RuleCall& c, std::int64_t heads, std::int64_t kv_heads, std::int64_t qk,
                 std::int64_t v) {
  if (heads < 1 || kv_heads < 1 || heads % kv_heads != 0) c.give_up("heads do not divide");
  Heads h;
  h.kv = c.free(kv_heads);
  h.head = heads == kv_heads ? h.kv : c.product({h.kv, c.free(heads / kv_heads)});
  h.qk = c.free(qk);
  h.v = c.free(v);
  return h;
}

void rotate(RuleCall& c, const Axis& dim, const Operand& cosine, const Operand& sine,
            std::int64_t rotated, bool interleaved) {
  if (dim.dynamic() || rotated < 2 || rotated % 2 != 0 || rotated > dim.a) {
    c.give_up("rotary dimension does not fit");
  }
  const Axis angle = c.free(rotated / 2);
  for (const Operand* table : {&cosine, &sine}) {
    if (table->axes.empty()) c.give_up("rotary table is a scalar");
    c.unify(angle, table->axes.back());
  }
  Axis turned = interleaved ? c.product({angle, c.fixed(2, "interleaved rotary pair")})
                            : c.sum({angle, angle});
  if (rotated < dim.a) turned = c.sum({turned, c.free(dim.a - rotated)});
  c.unify(dim, turned);
}

void rotate_in_order(RuleCall& c, const Axis& dim, std::size_t cosine, std::size_t sine,
                     std::int64_t rotated, bool interleaved) {
  rotate(c, dim, c.in(cosine), c.in(sine), rotated, interleaved);
  for (const std::size_t k : {cosine, sine}) {
    const auto& table = c.in(k).axes;
    for (std::size_t i = 0; i + 1 < table.size(); ++i) c.pin(table[i], "rotary positions in order");
  }
}

void pin_with(RuleCall& c, std::size_t k, const std::vector<Axis>& axes, std::string_view why) {
  if (!c.has(k)) return;
  c.pin(c.in(k), why);
  for (const Axis& axis : axes) c.pin(axis, why);
}

void match(RuleCall& c, std::size_t k, const std::vector<Axis>& axes) {
  if (!c.has(k)) return;
  if (c.in(k).axes.size() > axes.size()) c.give_up("operand of unlike rank");
  c.broadcast(axes, c.in(k).axes);
}

void match_cache(RuleCall& c, std::size_t k, const Axis& batch, const Axis& kv, const Axis& dim) {
  const auto& cache = c.in(k).axes;
  if (cache.size() != 4) c.give_up("cache of unlike rank");
  c.unify(cache[0], batch, true);
  c.unify(cache[1], kv, true);
  c.unify(cache[3], dim, true);
  c.pin(cache[2], "positions in a cache");
}

Axis append(RuleCall& c, const Axis& past, const Axis& more) {
  for (const Axis& axis : {past, more}) c.pin(axis, "positions in a cache");
  std::int64_t a = 0, b = 0;
  if (__builtin_add_overflow(past.a, more.a, &a) || __builtin_add_overflow(past.b, more.b, &b)) {
    c.give_up("extent too large");
  }
  return c.fixed(a, b, "positions in a cache");
}

}  // namespace permcrypt
