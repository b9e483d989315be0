// Renders any part of a permuted payload from the payload itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apply/layout.h"
#include "permcrypt/apply.h"

namespace permcrypt {

// A kFixed payload and its permutations. Cheap to prepare, so that every chunk of a file prepares
// its own; immutable, so that threads may share one. Points into the permutations.
class Gather {
 public:
  // Errors (kInput): the view does not fit the payload, see make_layout(); rewritten elements that
  // are not 4 or 8 bytes wide or have padded rows.
  static Result<Gather> prepare(const PayloadMove& move, std::span<const Permutation> permutations);

  // Writes the bytes [first, last) of the permuted payload to `out`. Errors (kInput): an element to
  // be rewritten is out of range. REQUIRES: payload.size() is the move's length; first <= last <=
  // payload.size().
  Result<void> render(std::string_view payload, std::uint64_t first, std::uint64_t last,
                      char* out) const;

  // Writes rows of the permuted payload to `out`, one after the other. Errors and REQUIRES as
  // render(); row_bytes() > 0.
  Result<void> render_rows(std::string_view payload, std::span<const std::uint64_t> rows,
                           char* out) const;

  // Row r of the permuted payload, bytes [r * row_bytes(), (r + 1) * row_bytes()), depends on row
  // row_source()(r) of the payload only (and on the padding of row r, which stays). The last one
  // may lack its padding. 0 when rows are not whole bytes.
  std::uint64_t row_bytes() const;
  RowSource row_source() const { return RowSource(layout_.rows); }

 private:
  Gather(const PayloadMove& move, Layout layout, const Permutation* values);
  void copy(std::string_view payload, std::uint64_t first, std::uint64_t last, char* out) const;
  bool copy_rewritten(std::string_view payload, std::uint64_t first, std::uint64_t last,
                      char* out) const;

  std::string_view name_;
  Layout layout_;
  const Permutation* values_;  // nullptr: elements stay as they are
  unsigned value_bytes_;
};

}  // namespace permcrypt
