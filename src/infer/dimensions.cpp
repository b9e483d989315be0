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

// Round sizes are large: smaller primes beside them keep the products within 64 bits.
Dimensions::Dimensions(SizeAssumptions assumed)
    : assumed_(std::move(assumed)),
      last_(assumed_.round ? Pair{1'000, 2'000} : Pair{100'000, 200'000}) {}

Dimensions::Pair Dimensions::fresh() {
  last_ = {next_prime(last_.first), next_prime(last_.second)};
  return last_;
}

Dimensions::Pair Dimensions::named(const std::string& name, bool divided) {
  if (name.empty()) return fresh();
  const auto given = assumed_.bound.find(name);
  if (given != assumed_.bound.end()) return {given->second, given->second};
  const auto [it, inserted] = by_name_.try_emplace(name);
  if (!inserted) return it->second;
  if (!divided || !assumed_.round) return it->second = fresh();
  last_round_ = {next_prime(last_round_.first), next_prime(last_round_.second)};
  return it->second = {kRound * last_round_.first, kRound * last_round_.second};
}

}  // namespace permcrypt
