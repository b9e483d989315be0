// Dynamic dimensions, each bound to two different large primes at once. Whatever depends on one
// differs between the two bindings; whatever does not is static. Nothing has to be inferred twice,
// and a Reshape factorises without ambiguity.
//
// Models with windows and strides only run on whole multiples of them, which primes are not. For
// those, sizes can be taken to be *round*: multiples of kRound.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace permcrypt {

// What is assumed of dynamic dimensions.
struct SizeAssumptions {
  std::map<std::string, std::int64_t> bound;  // name -> extent
  bool round = false;
};

class Dimensions {
 public:
  using Pair = std::pair<std::int64_t, std::int64_t>;

  explicit Dimensions(SizeAssumptions assumed);

  // The two extents of a dimension; equal ones if it is bound. An unnamed one is always new. Those
  // of a dimension that windows may divide are multiples of kRound, if sizes are round.
  Pair named(const std::string& name, bool divided = false);
  Pair fresh();
  const std::map<std::string, Pair>& all() const { return by_name_; }
  const std::map<std::string, std::int64_t>& bound() const { return assumed_.bound; }
  const SizeAssumptions& assumed() const { return assumed_; }

  // Windows, strides and patches in use divide it.
  static constexpr std::int64_t kRound = (1 << 9) * 3 * 5 * 7;

 private:
  SizeAssumptions assumed_;
  std::map<std::string, Pair> by_name_;
  Pair last_;                // of the primes
  Pair last_round_{10, 20};  // of the primes that multiply kRound
};

}  // namespace permcrypt
