#include "infer/dimensions.h"

namespace permcrypt {
namespace {

std::int64_t next_prime(std::int64_t n) {
  for (++n;; ++n) {
    bool prime = n % 2 != 0;
    for (std::int64_t d = 3; prime && d * d <= n; d += 2) prime = n % d != 0;
    if (prime) return n;
  }
}

}  // namespace

Dimensions::Pair Dimensions::fresh() {
  last_ = {next_prime(last_.first), next_prime(last_.second)};
  return last_;
}

Dimensions::Pair Dimensions::named(const std::string& name) {
  if (name.empty()) return fresh();
  if (const auto it = bound_.find(name); it != bound_.end()) return {it->second, it->second};
  const auto [it, inserted] = by_name_.try_emplace(name);
  if (inserted) it->second = fresh();
  return it->second;
}

}  // namespace permcrypt
