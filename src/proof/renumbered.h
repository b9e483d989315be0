// Does one payload hold the elements of another, in another order?
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"

namespace permcrypt::proof {

struct Payload {
  std::string_view bytes;
  Encoding encoding = Encoding::kFixed;
};

// What is claimed: encrypted[i, j, ..] = code(original[order0(i), order1(j), ..]), by bit patterns.
class Renumbering {
 public:
  using Order = std::span<const std::uint32_t>;  // empty: the plain one

  // `orders`: one for each extent of the view. With a code, elements are integers of `type`, and -1
  // is the last of what they count. Points into orders and code.
  Renumbering(const ElementView& view, std::vector<Order> orders, Order code, std::int32_t type);

  // The claim comes apart into this many, of about a MiB each, that may be looked at in any order.
  // Elements that are spelled out can only be found one after the other: all that is one part.
  std::uint64_t parts(const Payload& encrypted, const Payload& original) const;
  bool holds(const Payload& encrypted, const Payload& original, std::uint64_t part) const;
  // Whether payloads of so many bytes are compared byte by byte: without padding between rows, or
  // elements that are compared by what they mean.
  bool is_of_every_byte(const Payload& encrypted, const Payload& original) const;

 private:
  bool one_by_one(const Payload& encrypted, const Payload& original) const;
  bool fits(const Payload& payload) const;
  std::uint64_t rows_of_a_part() const;
  void merge_plain_axes();
  // Calls same(new, old) with the positions where rows [first, last) begin, until it is false.
  template <class Same>
  bool each_row(std::uint64_t first, std::uint64_t last, Same same) const;
  bool rows_hold(std::string_view encrypted, std::string_view original, std::uint64_t first,
                 std::uint64_t last) const;
  bool nibbles_hold(std::string_view encrypted, std::string_view original, std::uint64_t first,
                    std::uint64_t last) const;
  bool elements_hold(const Payload& encrypted, const Payload& original) const;

  std::uint32_t bits_;
  std::vector<std::uint64_t> shape_;    // of the rows; a row is what lies along the last axis
  std::vector<std::uint64_t> strides_;  // of those axes, in elements
  std::vector<Order> orders_;
  std::uint64_t rows_ = 1, columns_ = 1, stride_ = 1;
  Order order_;                       // along a row
  std::optional<std::uint64_t> end_;  // one past the last position; none: no array like this
  Order code_;
  std::int32_t type_;
};

}  // namespace permcrypt::proof
