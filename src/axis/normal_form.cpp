// AxisStore: products and sums in normal form.
#include <algorithm>

#include "permcrypt/axis.h"

namespace permcrypt {

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

}  // namespace permcrypt
