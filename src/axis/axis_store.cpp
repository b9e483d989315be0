#include <algorithm>
#include <cassert>
#include <tuple>

#include "permcrypt/axis.h"

namespace permcrypt {

AxisStore::AxisStore() : reasons_{""} {
  fixed_factor(1, "single index");
  fixed_factor(0, "empty");
}

ExprId AxisStore::add_factor(std::int64_t size) {
  assert(size >= 0);
  Node node;
  node.size = size;
  nodes_.push_back(node);
  return static_cast<ExprId>(nodes_.size() - 1);
}

ExprId AxisStore::free_factor(std::int64_t size) {
  if (size <= 1) return size == 1 ? kUnit : kEmpty;
  return add_factor(size);
}

ExprId AxisStore::fixed_factor(std::int64_t size, std::string_view why) {
  if (size <= 1 && nodes_.size() > kEmpty) return size == 1 ? kUnit : kEmpty;
  const ExprId id = add_factor(size);
  nodes_[id].fixed = true;
  nodes_[id].reason = reason_id(why);
  remember_pin(id);
  return id;
}

ExprId AxisStore::dynamic_factor(std::int64_t size) {
  const ExprId id = add_factor(size);
  nodes_[id].dynamic = true;
  return id;
}

ExprId AxisStore::product(std::span<const ExprId> parts) {
  return resolve(add_composite(Kind::kProduct, parts));
}

ExprId AxisStore::sum(std::span<const ExprId> parts) {
  return resolve(add_composite(Kind::kSum, parts));
}

ExprId AxisStore::add_composite(Kind kind, std::span<const ExprId> parts) {
  const Parts copy(parts.begin(), parts.end());  // `parts` may point into parts_
  Node node;
  node.kind = kind;
  node.size = kind == Kind::kProduct ? 1 : 0;
  for (const ExprId part : copy) {
    if (kind == Kind::kProduct) {
      node.size *= nodes_[part].size;
    } else {
      node.size += nodes_[part].size;
    }
  }
  node.first = static_cast<std::uint32_t>(parts_.size());
  node.count = static_cast<std::uint32_t>(copy.size());
  parts_.insert(parts_.end(), copy.begin(), copy.end());
  nodes_.push_back(node);
  return static_cast<ExprId>(nodes_.size() - 1);
}

std::span<const ExprId> AxisStore::parts(ExprId composite) const {
  const Node& node = nodes_[composite];
  return {parts_.data() + node.first, node.count};
}

AxisStore::Parts AxisStore::copy_parts(ExprId composite) const {
  const auto span = parts(composite);
  return {span.begin(), span.end()};
}

// ---------------------------------------------------------------------------- normal form

ExprId AxisStore::chain_end(ExprId x) const {
  while (nodes_[x].kind == Kind::kFactor && nodes_[x].bound != kNoExpr) x = nodes_[x].bound;
  return x;
}

// Sums within sums, f = 1 + (1 + (1 + ...)), can be as deep as the graph is long: their inner parts
// come first, so that normalise() finds them done.
void AxisStore::normalise_inside(ExprId composite) {
  Parts stack{composite};
  const auto stale = [this](ExprId e) {
    return nodes_[e].kind != Kind::kFactor && nodes_[e].epoch != epoch_;
  };
  while (!stack.empty()) {
    const ExprId top = stack.back();
    const std::size_t depth = stack.size();
    for (const ExprId part : copy_parts(top)) {
      const ExprId end = chain_end(part);
      if (stale(end)) stack.push_back(end);
    }
    if (stack.size() > depth) continue;
    stack.pop_back();
    if (top != composite && stale(top)) normalise(top);
  }
}

ExprId AxisStore::resolve(ExprId x) {
  // Chains of bound factors can be as long as the graph: walk them, then shorten them.
  ExprId end = chain_end(x);
  if (nodes_[end].kind != Kind::kFactor && nodes_[end].epoch != epoch_) normalise_inside(end);
  if (nodes_[end].kind != Kind::kFactor) end = normalise(end);
  while (nodes_[x].kind == Kind::kFactor && nodes_[x].bound != kNoExpr) {
    const ExprId next = nodes_[x].bound;
    nodes_[x].bound = end;
    x = next;
  }
  return end;
}

std::size_t AxisStore::first_sum(const Parts& parts) const {
  const auto it = std::find_if(parts.begin(), parts.end(),
                               [this](ExprId e) { return nodes_[e].kind == Kind::kSum; });
  return static_cast<std::size_t>(it - parts.begin());
}

// REQUIRES, for bounded recursion: normalise_inside(composite), as resolve() does.
ExprId AxisStore::normalise(ExprId composite) {
  if (nodes_[composite].epoch == epoch_) return nodes_[composite].memo;
  const Kind kind = nodes_[composite].kind;
  const Parts old = copy_parts(composite);
  const std::int64_t neutral = kind == Kind::kProduct ? 1 : 0;
  Parts flat;
  for (const ExprId part : old) {
    const ExprId r = resolve(part);
    if (nodes_[r].size == neutral) continue;
    if (nodes_[r].kind == kind) {
      const Parts inner = copy_parts(r);
      flat.insert(flat.end(), inner.begin(), inner.end());
    } else {
      flat.push_back(r);
    }
  }
  ExprId result;
  if (flat.empty()) {
    result = kind == Kind::kProduct ? kUnit : kEmpty;
  } else if (flat.size() == 1) {
    result = flat[0];
  } else if (const auto at = kind == Kind::kProduct ? first_sum(flat) : flat.size();
             at + 1 < flat.size()) {
    // (a + b) x c = a x c + b x c: a sum may only be the last part. Never the other way round.
    Parts terms;
    for (const ExprId arm : copy_parts(flat[at])) {
      Parts term(flat.begin() + static_cast<std::ptrdiff_t>(at), flat.end());
      term[0] = arm;
      terms.push_back(add_composite(Kind::kProduct, term));
    }
    flat.resize(at);
    flat.push_back(add_composite(Kind::kSum, terms));
    result = normalise(add_composite(kind, flat));
  } else {
    result = flat == old ? composite : add_composite(kind, flat);
  }
  for (const ExprId id : {composite, result}) {
    nodes_[id].memo = result;
    nodes_[id].epoch = epoch_;
  }
  return result;
}

std::vector<ExprId> AxisStore::factors(ExprId x) {
  std::vector<ExprId> out, stack{x};
  while (!stack.empty()) {
    const ExprId e = resolve(stack.back());
    stack.pop_back();
    if (nodes_[e].kind == Kind::kFactor) {
      out.push_back(e);
    } else {
      const auto p = parts(e);
      stack.insert(stack.end(), p.rbegin(), p.rend());
    }
  }
  return out;
}

bool AxisStore::is_free(ExprId f) const {
  const Node& node = nodes_[f];
  return node.kind == Kind::kFactor && !node.fixed && !node.dynamic && node.size > 1;
}

bool AxisStore::any_free(ExprId x) {
  for (const ExprId f : factors(x)) {
    if (is_free(f)) return true;
  }
  return false;
}

// ---------------------------------------------------------------------------- primitives

std::uint32_t AxisStore::reason_id(std::string_view why) {
  // Reasons repeat in runs, so a short look back finds nearly all of them.
  const std::size_t look_back = std::min<std::size_t>(reasons_.size(), 32);
  for (std::size_t i = 1; i <= look_back; ++i) {
    if (reasons_[reasons_.size() - i] == why)
      return static_cast<std::uint32_t>(reasons_.size() - i);
  }
  reasons_.emplace_back(why);
  return static_cast<std::uint32_t>(reasons_.size() - 1);
}

const std::string& AxisStore::why(ExprId factor) const { return reasons_[nodes_[factor].reason]; }

void AxisStore::pin(ExprId x, std::string_view why) {
  for (const ExprId f : factors(x)) remember_pin(f);
  fix(x, why);
}

void AxisStore::remember_pin(ExprId factor) {
  if (nodes_[factor].dynamic || nodes_[factor].size <= 1) return;
  const bool again = !pins_.empty() && pins_.back().factor == factor && pins_.back().site == site_;
  if (!again) pins_.push_back({factor, site_});
}

void AxisStore::fix(ExprId x, std::string_view why) {
  for (const ExprId f : factors(x)) {
    if (nodes_[f].fixed) continue;
    nodes_[f].fixed = true;
    nodes_[f].reason = reason_id(why);
  }
}

void AxisStore::bind(ExprId factor, ExprId to) {
  to = resolve(to);
  if (factor == to) return;
  assert(nodes_[factor].bound == kNoExpr && nodes_[factor].size == nodes_[to].size);
  if (nodes_[factor].fixed) fix(to, std::string(why(factor)));
  if (nodes_[factor].dynamic && nodes_[to].kind == Kind::kFactor) nodes_[to].dynamic = true;
  nodes_[factor].bound = nodes_[factor].bound_first = to;
  nodes_[factor].site = site_;
  ++epoch_;
}

std::pair<ExprId, ExprId> AxisStore::split(ExprId x, std::int64_t k) {
  x = resolve(x);
  assert(0 < k && k < nodes_[x].size);
  if (nodes_[x].kind == Kind::kProduct) return split_product(x, k);
  if (nodes_[x].kind == Kind::kFactor) {
    const ExprId ab[] = {free_factor(k), free_factor(nodes_[x].size - k)};
    bind(x, add_composite(Kind::kSum, ab));
    return {ab[0], ab[1]};
  }
  Parts left, right;
  std::int64_t position = 0;
  for (const ExprId arm : copy_parts(x)) {
    const std::int64_t n = nodes_[arm].size;
    if (position + n <= k) {
      left.push_back(arm);
    } else if (position >= k) {
      right.push_back(arm);
    } else {
      const auto [a, b] = split(arm, k - position);
      left.push_back(a);
      right.push_back(b);
    }
    position += n;
  }
  return {sum(left), sum(right)};
}

// A cut inside block q of g x rest leaves only permutations that fix block q as a whole and keep
// the cut within every block: g becomes q + 1 + ..., rest splits at the remainder.
std::pair<ExprId, ExprId> AxisStore::split_product(ExprId x, std::int64_t k) {
  const Parts all = copy_parts(x);
  ExprId major = all[0];
  const ExprId rest = product(std::span(all).subspan(1));
  const std::int64_t q = k / nodes_[rest].size, remainder = k % nodes_[rest].size;
  const auto times_rest = [&](ExprId m) {
    if (m == kEmpty) return kEmpty;
    const ExprId p[] = {m, rest};
    return product(p);
  };
  if (remainder == 0) {
    const auto [a, b] = split(major, q);
    return {times_rest(a), times_rest(b)};
  }
  ExprId low = kEmpty, high = kEmpty;
  if (q > 0) std::tie(low, major) = split(major, q);
  if (nodes_[major].size > 1) high = split(major, 1).second;
  const auto [a, b] = split(rest, remainder);
  const ExprId left[] = {times_rest(low), a};
  const ExprId right[] = {b, times_rest(high)};
  return {sum(left), sum(right)};
}

ExprId AxisStore::cut(ExprId x, std::int64_t begin, std::int64_t end) {
  assert(0 <= begin && begin <= end && end <= size(x));
  if (begin == end) return kEmpty;
  if (end < size(x)) x = split(x, end).first;
  if (begin > 0) x = split(x, begin).second;
  return resolve(x);
}

void AxisStore::unify(ExprId x, ExprId y) {
  x = resolve(x);
  y = resolve(y);
  assert(nodes_[x].size == nodes_[y].size);
  if (x == y || nodes_[x].size <= 1) return;
  const Kind kx = nodes_[x].kind, ky = nodes_[y].kind;
  if (kx == Kind::kFactor) return bind(x, y);
  if (ky == Kind::kFactor) return bind(y, x);
  if (kx == Kind::kProduct && ky == Kind::kProduct)
    return align_lists(copy_parts(x), copy_parts(y));
  unify_segments(kx == Kind::kSum ? copy_parts(x) : Parts{x},
                 ky == Kind::kSum ? copy_parts(y) : Parts{y});
}

bool AxisStore::all_held(const Parts& list) {
  for (const ExprId e : list) {
    for (const ExprId f : factors(e)) {
      if (!nodes_[f].fixed) return false;
    }
  }
  return true;
}

void AxisStore::unify_segments(Parts x, Parts y) {
  if (all_held(x) && all_held(y)) return;
  // Last element first, so that the front pops cheaply.
  std::reverse(x.begin(), x.end());
  std::reverse(y.begin(), y.end());
  // An earlier step may have turned the front segment into a sum.
  const auto front = [this](Parts& list) {
    for (;;) {
      const ExprId r = resolve(list.back());
      if (nodes_[r].kind != Kind::kSum) return r;
      list.pop_back();
      const auto p = parts(r);
      list.insert(list.end(), p.rbegin(), p.rend());
    }
  };
  // Two parts of one factor that overlap, x[1:] against x[:-1], cut each other up into single indices.
  constexpr int kMostSplits = 256;
  int splits = 0;
  while (!x.empty() && !y.empty()) {
    const ExprId a = front(x), b = front(y);
    const std::int64_t na = nodes_[a].size, nb = nodes_[b].size;
    if (na != nb && ++splits > kMostSplits) {
      for (const Parts* list : {&x, &y}) {
        for (const ExprId e : *list) pin(e, "tied to a shifted copy of itself");
      }
      return;
    }
    if (na == nb) {
      x.pop_back();
      y.pop_back();
      unify(a, b);
    } else {
      Parts& larger = na > nb ? x : y;
      const auto [head, tail] = split(na > nb ? a : b, std::min(na, nb));
      larger.back() = tail;
      larger.push_back(head);
    }
  }
  assert(x.empty() && y.empty());
}

void AxisStore::align(std::span<const ExprId> x, std::span<const ExprId> y) {
  align_lists(Parts(x.begin(), x.end()), Parts(y.begin(), y.end()));
}

void AxisStore::align_lists(Parts x, Parts y) {
  for (Parts* list : {&x, &y}) {
    std::erase_if(*list, [this](ExprId e) { return nodes_[e].size == 1; });
    std::reverse(list->begin(), list->end());  // last element first
  }
  while (!x.empty() && !y.empty()) {
    if (nodes_[x.back()].size < nodes_[y.back()].size) std::swap(x, y);
    const ExprId large = resolve(x.back()), small = y.back();
    const std::int64_t nl = nodes_[large].size, ns = nodes_[small].size;
    if (nl == ns) {
      x.pop_back();
      y.pop_back();
      unify(large, small);
    } else if (nodes_[large].kind == Kind::kProduct) {
      x.pop_back();
      const auto p = parts(large);
      x.insert(x.end(), p.rbegin(), p.rend());
    } else if (nodes_[large].kind == Kind::kSum && align_sum(x, y)) {
      continue;
    } else if (nodes_[large].kind == Kind::kFactor && nl % ns == 0) {
      const ExprId ab[] = {add_factor(ns), add_factor(nl / ns)};
      bind(large, add_composite(Kind::kProduct, ab));
      x.back() = ab[1];
      x.push_back(ab[0]);
    } else {
      defer_front(x, y);
    }
  }
  assert(x.empty() && y.empty());
}

// x.back() is a sum larger than y.back(): take as many parts of y as together have its extent.
bool AxisStore::align_sum(Parts& x, Parts& y) {
  const ExprId whole = x.back();
  std::int64_t n = 1;
  std::size_t taken = 0;
  while (taken < y.size() && n < nodes_[whole].size) n *= nodes_[y[y.size() - ++taken]].size;
  if (n != nodes_[whole].size) return false;
  const Parts group(y.rbegin(), y.rbegin() + static_cast<std::ptrdiff_t>(taken));
  x.pop_back();
  y.resize(y.size() - taken);
  unify(whole, product(group));
  return true;
}

// Misaligned radices: sets the smallest leading groups with a common extent aside.
void AxisStore::defer_front(Parts& x, Parts& y) {
  Parts gx{x.back()}, gy{y.back()};
  std::int64_t px = nodes_[x.back()].size, py = nodes_[y.back()].size;
  x.pop_back();
  y.pop_back();
  while (px != py) {
    const bool grow_x = px < py;
    Parts& list = grow_x ? x : y;
    (grow_x ? px : py) *= nodes_[list.back()].size;
    (grow_x ? gx : gy).push_back(list.back());
    list.pop_back();
  }
  deferred_.emplace_back(std::move(gx), std::move(gy));
}

void AxisStore::solve() {
  const auto signature = [this](const std::vector<std::pair<Parts, Parts>>& pairs) {
    Parts out;
    for (const auto& [x, y] : pairs) {
      for (const Parts* list : {&x, &y}) {
        for (const ExprId e : *list) {
          const auto f = factors(e);
          out.insert(out.end(), f.begin(), f.end());
        }
        out.push_back(kNoExpr);
      }
    }
    return out;
  };
  while (!deferred_.empty()) {
    const auto pending = std::exchange(deferred_, {});
    const auto before = signature(pending);
    for (const auto& [x, y] : pending) unify(product(x), product(y));
    if (signature(pending) != before) continue;
    for (const auto& [x, y] : std::exchange(deferred_, {})) {
      for (const Parts* list : {&x, &y}) {
        for (const ExprId e : *list) pin(e, "misaligned radices");
      }
    }
  }
}

// ---------------------------------------------------------------------------- explanation

std::string AxisStore::show(ExprId x) {
  x = resolve(x);
  if (nodes_[x].kind == Kind::kFactor) {
    const std::string extent = std::to_string(nodes_[x].size);
    return is_free(x) ? "g" + std::to_string(x) + ":" + extent : "!" + extent;
  }
  std::string out = "(";
  const char* separator = "";
  for (const ExprId part : copy_parts(x)) {
    out += separator + show(part);
    separator = nodes_[x].kind == Kind::kProduct ? "*" : "+";
  }
  return out + ")";
}

std::vector<std::uint32_t> AxisStore::history(ExprId x) const {
  std::vector<std::uint32_t> out;
  while (nodes_[x].kind == Kind::kFactor && nodes_[x].bound_first != kNoExpr) {
    out.push_back(nodes_[x].site);
    x = nodes_[x].bound_first;
  }
  return out;
}

}  // namespace permcrypt
