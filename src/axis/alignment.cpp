// AxisStore: what follows when two axes are one.
#include <algorithm>
#include <cassert>

#include "permcrypt/axis.h"

namespace permcrypt {

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
  // Two parts of one factor that overlap, x[1:] against x[:-1], cut each other up into single
  // indices.
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

}  // namespace permcrypt
