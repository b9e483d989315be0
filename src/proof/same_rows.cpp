#include "proof/same_rows.h"

#include <cstring>

#include "base/element_width.h"

namespace permcrypt::proof {
namespace {

constexpr std::uint32_t kNibble = 4;

std::size_t pairs_at_a_time(std::uint32_t bits, std::size_t columns, std::uint64_t rows) {
  const std::size_t lanes = lanes_of(bits);
  const bool half_bytes = bits == kNibble && columns % 2 != 0;
  return lanes == 0 || half_bytes || columns > kMostUnits || rows < lanes / 2 ? 1 : lanes;
}

// One row, in a loop without branches.
template <class T>
bool same_row(const char* encrypted, const char* original, SameRows::Order order) {
  std::uint64_t differing = 0;
  for (std::size_t j = 0; j < order.size(); ++j) {
    T e, o;
    std::memcpy(&e, encrypted + j * sizeof(T), sizeof(T));
    std::memcpy(&o, original + order[j] * sizeof(T), sizeof(T));
    differing |= e ^ o;
  }
  return differing == 0;
}

bool same_wide_row(const char* encrypted, const char* original, SameRows::Order order,
                   std::size_t width) {
  for (std::size_t j = 0; j < order.size(); ++j) {
    if (std::memcmp(encrypted + j * width, original + order[j] * width, width) != 0) return false;
  }
  return true;
}

unsigned nibble(const char* row, std::size_t j) {
  return static_cast<unsigned char>(row[j / 2]) >> (j % 2 * 4) & 15;
}

bool same_nibbles(const char* encrypted, const char* original, SameRows::Order order) {
  unsigned differing = 0;
  for (std::size_t j = 0; j < order.size(); ++j) {
    differing |= nibble(encrypted, j) ^ nibble(original, order[j]);
  }
  return differing == 0;
}

bool is_zero(Unit bytes) {
  const Unit zero = {};
  return std::memcmp(&bytes, &zero, sizeof bytes) == 0;
}

}  // namespace

SameRows::SameRows(std::uint32_t bits, Order order, std::uint64_t rows)
    : bits_(bits), order_(order), lanes_(pairs_at_a_time(bits, order.size(), rows)) {
  if (lanes_ == 1) return;
  encrypted_units_ = std::make_unique_for_overwrite<char[]>(order.size() * kUnitBytes);
  original_units_ = std::make_unique_for_overwrite<char[]>(order.size() * kUnitBytes);
}

bool SameRows::add(const char* encrypted, const char* original) {
  if (lanes_ == 1) return same_ = same_ && one_pair(encrypted, original);
  encrypted_[count_] = encrypted;
  original_[count_] = original;
  return ++count_ < lanes_ ? same_ : finish();
}

bool SameRows::finish() {
  if (count_ == 0) return same_;
  for (std::size_t i = count_; i < lanes_; ++i) {  // the last pair again and again
    encrypted_[i] = encrypted_[count_ - 1];
    original_[i] = original_[count_ - 1];
  }
  count_ = 0;
  return same_ = same_ && one_bundle();
}

bool SameRows::one_bundle() {
  if (bits_ == kNibble) return nibble_bundle();
  return with_unsigned(bits_, [this]<class T>(T) { return bundle<T>(); });
}

bool SameRows::one_pair(const char* encrypted, const char* original) {
  if (bits_ == kNibble) return same_nibbles(encrypted, original, order_);
  if (bits_ == 128) return same_wide_row(encrypted, original, order_, bits_ / 8);
  return with_unsigned(bits_, [&]<class T>(T) { return same_row<T>(encrypted, original, order_); });
}

template <class T>
bool SameRows::bundle() {
  interleave<T>(encrypted_.data(), order_.size(), encrypted_units_.get());
  interleave<T>(original_.data(), order_.size(), original_units_.get());
  Unit differing = {};
  for (std::size_t j = 0; j < order_.size(); ++j) {
    differing |= load_unit(encrypted_units_.get(), j) ^ load_unit(original_units_.get(), order_[j]);
  }
  return is_zero(differing);
}

// A byte of a unit is one element of the original, and two of the encrypted.
bool SameRows::nibble_bundle() {
  const std::size_t pairs = order_.size() / 2;
  interleave<std::uint8_t>(encrypted_.data(), pairs, encrypted_units_.get());
  interleave_nibbles(original_.data(), order_.size(), original_units_.get());
  Unit differing = {};
  for (std::size_t p = 0; p < pairs; ++p) {
    differing |= load_unit(encrypted_units_.get(), p) ^
                 load_nibble_pair(original_units_.get(), &order_[2 * p]);
  }
  return is_zero(differing);
}

}  // namespace permcrypt::proof
