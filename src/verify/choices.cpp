#include "verify/choices.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace permcrypt {

void Choices::Tally::add(std::int64_t wanted, std::int64_t chosen) {
  ++count;
  ++expected[wanted];
  ++actual[chosen];
  agreeing += wanted == chosen;
}

void Choices::Tally::add(const Tally& other) {
  count += other.count;
  agreeing += other.agreeing;
  for (const auto& [value, times] : other.expected) expected[value] += times;
  for (const auto& [value, times] : other.actual) actual[value] += times;
}

double Choices::Tally::share() const {
  return count == 0 ? 0 : static_cast<double>(agreeing) / static_cast<double>(count);
}

double Choices::Tally::by_frequency() const {
  double pairs = 0;
  for (const auto& [value, times] : expected) {
    const auto found = actual.find(value);
    if (found != actual.end()) {
      pairs += static_cast<double>(times) * static_cast<double>(found->second);
    }
  }
  const auto n = static_cast<double>(count);
  return count == 0 ? 0 : pairs / (n * n);
}

void Choices::add(std::span<const std::int64_t> expected, std::span<const std::int64_t> actual,
                  std::size_t items) {
  if (items == 0 || expected.size() % items != 0) items = 1;
  const std::size_t size = expected.size() / items;
  const auto tally = [&](std::span<const std::int64_t> wanted, std::span<const std::int64_t> chosen,
                         Tally& places, Tally& stretches) {
    for (std::size_t i = 0; i < size; ++i) {
      places.add(wanted[i], chosen[i]);
      const bool goes_on = i > 0 && wanted[i] == wanted[i - 1] && chosen[i] == chosen[i - 1];
      if (!goes_on) stretches.add(wanted[i], chosen[i]);
    }
  };
  for (std::size_t item = 0; item < items; ++item) {
    const auto wanted = expected.subspan(item * size, size),
               chosen = actual.subspan(item * size, size);
    tally(wanted, chosen, places_, stretches_);
    for (std::size_t i = 0; i < size; ++i) ++pairs_[chosen[i]][wanted[i]];
    // As far away as can be, in case that the first axis is none of a batch.
    const auto other = expected.subspan((item + items / 2) % items * size, size);
    if (std::ranges::equal(wanted, other)) continue;  // perhaps the same input
    tally(other, chosen, other_places_, other_stretches_);
  }
}

void Choices::add(const Choices& other) {
  places_.add(other.places_);
  stretches_.add(other.stretches_);
  other_places_.add(other.other_places_);
  other_stretches_.add(other.other_stretches_);
  for (const auto& [chosen, wanted] : other.pairs_) {
    for (const auto& [value, times] : wanted) pairs_[chosen][value] += times;
  }
}

// The chance of each class to be in each place is 1 / classes. P(S >= a) <= E[exp(t S)] / exp(t a)
// for every t.
double Choices::p_of_order(double classes) const {
  double best = 0;  // of logarithms
  for (int power = -12; power <= 5; ++power) {
    const double t = std::ldexp(1.0, power);
    double log_p = -t * static_cast<double>(places_.agreeing);
    for (const auto& [chosen, wanted] : pairs_) {
      std::uint64_t most = 0;
      for (const auto& [value, times] : wanted) most = std::max(most, times);
      const double top = t * static_cast<double>(most);
      double sum = (classes - static_cast<double>(wanted.size())) * std::exp(-top);
      for (const auto& [value, times] : wanted)
        sum += std::exp(t * static_cast<double>(times) - top);
      log_p += top + std::log(sum / classes);
    }
    best = std::min(best, log_p);
  }
  return std::exp(best);
}

TopOne Choices::agreement(double guess) const {
  TopOne out;
  out.positions = places_.count;
  out.agreeing = places_.agreeing;
  if (out.positions == 0) return out;
  out.chance = std::max({guess, places_.by_frequency(), other_places_.share()});
  const double chance = std::max({guess, stretches_.by_frequency(), other_stretches_.share()});
  out.p_value = binomial_tail(stretches_.count, stretches_.agreeing, chance);
  std::set<std::int64_t> values;
  for (const auto& [chosen, wanted] : pairs_) {
    values.insert(chosen);
    for (const auto& [value, times] : wanted) values.insert(value);
  }
  out.p_of_order = p_of_order(guess > 0 ? 1 / guess : static_cast<double>(values.size()));
  return out;
}

double binomial_tail(std::uint64_t trials, std::uint64_t successes, double chance) {
  if (successes == 0 || chance >= 1) return 1;
  if (successes > trials || chance <= 0) return 0;
  // lgamma is not thread safe only for its sign, which is positive here.
  const auto log_factorial = [](std::uint64_t n) {
    return std::lgamma(static_cast<double>(n) + 1);
  };
  double tail = 0;
  for (std::uint64_t k = successes; k <= trials; ++k) {
    const double log_term = log_factorial(trials) - log_factorial(k) - log_factorial(trials - k) +
                            static_cast<double>(k) * std::log(chance) +
                            static_cast<double>(trials - k) * std::log1p(-chance);
    const double term = std::exp(log_term);
    tail += term;
    const bool falling = static_cast<double>(k) > static_cast<double>(trials) * chance;
    if (falling && term < tail * 1e-17) break;
  }
  return std::min(tail, 1.0);
}

}  // namespace permcrypt
