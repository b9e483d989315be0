// A renumbering of one axis, with one convention everywhere: new[i] = old[old_of_new[i]].
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace permcrypt {

class Permutation {
 public:
  Permutation() = default;  // of nothing
  // REQUIRES: old_of_new holds each of 0 .. size-1 once.
  explicit Permutation(std::vector<std::uint32_t> old_of_new) : old_of_new_(std::move(old_of_new)) {}
  static Permutation identity(std::size_t size);

  std::size_t size() const { return old_of_new_.size(); }
  std::uint32_t operator[](std::size_t new_index) const { return old_of_new_[new_index]; }
  const std::vector<std::uint32_t>& old_of_new() const { return old_of_new_; }
  bool is_identity() const;
  Permutation inverse() const;

  // Index vector that takes data in order `upstream` to order `downstream`:
  // idx[j] = upstream^-1[downstream[j]]. REQUIRES equal sizes.
  static Permutation relative(const Permutation& upstream, const Permutation& downstream);
  // Mixed radix, major first: result[i*|minor|+j] = major[i]*|minor| + minor[j].
  static Permutation product(const Permutation& major, const Permutation& minor);
  // Segments one after the other.
  static Permutation sum(const Permutation& first, const Permutation& second);

  bool operator==(const Permutation&) const = default;

 private:
  std::vector<std::uint32_t> old_of_new_;
};

// log2 of the number of keys a group of this size offers: log2(n! - 1); 0 for n < 3 (n = 2 has one
// non-identity permutation only).
double permutation_bits(std::uint64_t size);

}  // namespace permcrypt
