#include <numeric>

#include "proof/orders.h"

namespace permcrypt::proof {

Index counting(std::size_t extent) {
  Index out(extent);
  std::iota(out.begin(), out.end(), 0u);
  return out;
}

bool is_plain(const Index& permutation) {
  for (std::size_t i = 0; i < permutation.size(); ++i) {
    if (permutation[i] != i) return false;
  }
  return true;
}

Index times(const Index& major, const Index& minor) {
  Index out;
  out.reserve(major.size() * minor.size());
  for (const std::uint32_t i : major) {
    for (const std::uint32_t j : minor) {
      out.push_back(i * static_cast<std::uint32_t>(minor.size()) + j);
    }
  }
  return out;
}

std::optional<std::pair<Index, Index>> come_apart(const Index& permutation, std::size_t minor) {
  if (minor == 0 || permutation.size() % minor != 0) return std::nullopt;
  Index q, r;
  for (std::size_t j = 0; j < minor; ++j) {
    r.push_back(static_cast<std::uint32_t>(permutation[j] % minor));
  }
  for (std::size_t i = 0; i < permutation.size(); i += minor) {
    q.push_back(static_cast<std::uint32_t>(permutation[i] / minor));
    for (std::size_t j = 0; j < minor; ++j) {
      if (permutation[i + j] != q.back() * minor + r[j]) return std::nullopt;
    }
  }
  return std::pair(std::move(q), std::move(r));
}

std::optional<std::pair<Index, std::vector<Index>>> come_apart_in_fibres(const Index& permutation,
                                                                         std::size_t minor) {
  if (minor == 0 || permutation.size() % minor != 0) return std::nullopt;
  Index q;
  std::vector<Index> r(permutation.size() / minor);
  for (std::size_t i = 0; i < permutation.size(); i += minor) {
    q.push_back(static_cast<std::uint32_t>(permutation[i] / minor));
    for (std::size_t j = 0; j < minor; ++j) {
      if (permutation[i + j] / minor != q.back()) return std::nullopt;
      r[q.back()].push_back(static_cast<std::uint32_t>(permutation[i + j] % minor));
    }
  }
  return std::pair(std::move(q), std::move(r));
}

Index without_major(const Index& permutation) {
  for (std::size_t minor = 1; minor < permutation.size(); ++minor) {
    if (permutation.size() % minor != 0) continue;
    auto parts = come_apart(permutation, minor);
    if (parts && is_plain(parts->first)) return std::move(parts->second);
  }
  return permutation;
}

std::uint32_t plain_minor(const Index& permutation) {
  for (std::size_t minor = permutation.size(); minor > 1; --minor) {
    if (permutation.size() % minor != 0) continue;
    const auto parts = come_apart(permutation, minor);
    if (parts && is_plain(parts->second)) return static_cast<std::uint32_t>(minor);
  }
  return 1;
}

}  // namespace permcrypt::proof
