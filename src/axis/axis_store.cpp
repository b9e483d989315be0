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
