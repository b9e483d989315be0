#include "permcrypt/permutation.h"

#include <cmath>
#include <numeric>

namespace permcrypt {

Permutation Permutation::identity(std::size_t size) {
  std::vector<std::uint32_t> old_of_new(size);
  std::iota(old_of_new.begin(), old_of_new.end(), 0u);
  return Permutation(std::move(old_of_new));
}

bool Permutation::is_identity() const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (old_of_new_[i] != i) return false;
  }
  return true;
}

Permutation Permutation::inverse() const {
  std::vector<std::uint32_t> result(size());
  for (std::size_t i = 0; i < size(); ++i) result[old_of_new_[i]] = static_cast<std::uint32_t>(i);
  return Permutation(std::move(result));
}

Permutation Permutation::relative(const Permutation& upstream, const Permutation& downstream) {
  std::vector<std::uint32_t> index = upstream.inverse().old_of_new_;
  std::vector<std::uint32_t> result(downstream.size());
  for (std::size_t j = 0; j < result.size(); ++j) result[j] = index[downstream[j]];
  return Permutation(std::move(result));
}

Permutation Permutation::product(const Permutation& major, const Permutation& minor) {
  std::vector<std::uint32_t> result;
  result.reserve(major.size() * minor.size());
  for (std::uint32_t i : major.old_of_new_) {
    const std::size_t base = i * minor.size();
    for (std::uint32_t j : minor.old_of_new_) {
      result.push_back(static_cast<std::uint32_t>(base + j));
    }
  }
  return Permutation(std::move(result));
}

Permutation Permutation::sum(const Permutation& first, const Permutation& second) {
  std::vector<std::uint32_t> result;
  result.reserve(first.size() + second.size());
  result.assign(first.old_of_new_.begin(), first.old_of_new_.end());
  for (std::uint32_t j : second.old_of_new_) {
    result.push_back(static_cast<std::uint32_t>(first.size() + j));
  }
  return Permutation(std::move(result));
}

double permutation_bits(std::uint64_t size) {
  constexpr std::uint64_t kExact = 20;  // 20! < 2^64
  if (size < 3) return 0;
  if (size > kExact) return std::lgamma(static_cast<double>(size) + 1) / std::log(2.0);
  std::uint64_t factorial = 1;
  for (std::uint64_t i = 2; i <= size; ++i) factorial *= i;
  return std::log2(static_cast<double>(factorial - 1));
}

}  // namespace permcrypt
