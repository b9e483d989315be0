// Arithmetic on lengths and offsets that come from a file: an overflow is an answer, not a
// surprise.
#pragma once

#include <concepts>
#include <optional>
#include <ranges>
#include <type_traits>

namespace permcrypt {

// a + b, or nothing when it does not fit into T.
template <std::integral T>
std::optional<T> checked_add(T a, std::type_identity_t<T> b) {
  T sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

// a * b, or nothing when it does not fit into T.
template <std::integral T>
std::optional<T> checked_mul(T a, std::type_identity_t<T> b) {
  T product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// The product of all factors, or nothing when one on the way does not fit into T. REQUIRES: the
// factors do.
template <std::integral T, std::ranges::input_range R>
std::optional<T> checked_product(const R& factors) {
  std::optional<T> product = 1;
  for (const auto factor : factors) {
    if (product) product = checked_mul(*product, static_cast<T>(factor));
  }
  return product;
}

}  // namespace permcrypt
