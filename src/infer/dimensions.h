// Dynamic dimensions, each bound to two different large primes at once. Whatever depends on one
// differs between the two bindings; whatever does not is static. Nothing has to be inferred twice,
// and a Reshape factorises without ambiguity.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace permcrypt {

class Dimensions {
 public:
  using Pair = std::pair<std::int64_t, std::int64_t>;

  explicit Dimensions(std::map<std::string, std::int64_t> bound) : bound_(std::move(bound)) {}

  // The two extents of a dimension; equal ones if it is bound. An unnamed one is always new.
  Pair named(const std::string& name);
  Pair fresh();
  const std::map<std::string, Pair>& all() const { return by_name_; }
  const std::map<std::string, std::int64_t>& bound() const { return bound_; }

 private:
  std::map<std::string, std::int64_t> bound_;
  std::map<std::string, Pair> by_name_;
  Pair last_{100'000, 200'000};
};

}  // namespace permcrypt
