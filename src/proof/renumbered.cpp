#include "proof/renumbered.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked.h"
#include "proof/same_rows.h"

namespace permcrypt::proof {
namespace {

constexpr std::uint64_t kPartBytes = 1 << 20;
constexpr std::uint32_t kNibble = 4;

// Numbers as they are spelled out: varints, or elements with a tag each.
std::vector<std::uint64_t> spelled_out(const Payload& payload) {
  const std::string_view bytes = payload.bytes;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0; at < bytes.size() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<std::uint64_t>(byte & 127u) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  const auto fixed = [&](std::size_t width) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, std::min(width, bytes.size() - at));
    at = std::min(at + width, bytes.size());
    return value;
  };
  std::vector<std::uint64_t> out;
  while (at < bytes.size()) {
    const std::uint64_t wire_type = payload.encoding == Encoding::kTagged ? varint() & 7 : 0;
    out.push_back(wire_type == 5 ? fixed(4) : wire_type == 1 ? fixed(8) : varint());
  }
  return out;
}

// Elements one by one, wherever they are stored. For those of at most 8 bytes.
class Elements {
 public:
  Elements(const Payload& payload, std::uint32_t bits) : bytes_(payload.bytes), bits_(bits) {
    if (payload.encoding == Encoding::kFixed) return;
    numbers_ = spelled_out(payload);
  }

  std::uint64_t count() const {
    return numbers_ ? numbers_->size() : bytes_.size() * 8 / std::max(bits_, 1u);
  }
  std::uint64_t operator[](std::uint64_t i) const {
    if (numbers_) return (*numbers_)[i];
    if (bits_ == kNibble) {
      const auto pair = static_cast<unsigned char>(bytes_[i / 2]);
      return i % 2 == 0 ? pair & 15u : pair >> 4;
    }
    std::uint64_t pattern = 0;
    const std::size_t width = std::min<std::size_t>(bits_ / 8, sizeof pattern);
    std::memcpy(&pattern, bytes_.data() + i * width, width);
    return pattern;
  }

 private:
  std::string_view bytes_;
  std::uint32_t bits_;
  std::optional<std::vector<std::uint64_t>> numbers_;
};

std::int64_t signed_value(std::uint64_t pattern, std::int32_t type) {
  return type == onnx::TensorProto::INT32 ? static_cast<std::int32_t>(pattern)
                                          : static_cast<std::int64_t>(pattern);
}

// A byte for each nibble of the pairs that hold positions [first, first + count).
void unpack(std::string_view payload, std::uint64_t first, std::uint64_t count,
            std::vector<std::uint8_t>& out) {
  const char* const pairs = payload.data() + first / 2;
  const std::uint64_t n = (first + count + 1) / 2 - first / 2;
  out.resize(2 * n);
  std::uint8_t* const nibbles = out.data();
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto pair = static_cast<std::uint8_t>(pairs[i]);
    nibbles[2 * i] = pair & 15;
    nibbles[2 * i + 1] = pair >> 4;
  }
}

}  // namespace

Renumbering::Renumbering(const ElementView& view, std::vector<Order> orders, Order code,
                         std::int32_t type)
    : bits_(view.bits),
      shape_(view.shape),
      orders_(std::move(orders)),
      end_(1),
      code_(code),
      type_(type) {
  constexpr std::array kWidths = {4u, 8u, 16u, 32u, 64u, 128u};
  if (std::ranges::find(kWidths, bits_) == kWidths.end()) end_.reset();
  if (orders_.size() != shape_.size()) end_.reset();
  for (std::size_t k = 0; end_ && k < shape_.size(); ++k) {
    if (!orders_[k].empty() && orders_[k].size() != shape_[k]) end_.reset();
  }
  if (!end_ || shape_.empty()) return;
  columns_ = shape_.back();
  stride_ = std::max(view.row_stride, columns_);
  order_ = orders_.back();
  shape_.pop_back();
  orders_.pop_back();
  end_ = stride_;
  strides_.resize(shape_.size());
  for (std::size_t k = shape_.size(); k-- > 0 && end_;) {
    strides_[k] = *end_;
    rows_ *= shape_[k];  // no more than end_, unless a row is empty
    end_ = checked_mul(*end_, shape_[k]);
  }
  if (end_) merge_plain_axes();
}

// Plain axes at the end are one run: what lies in the original's order is compared as a whole.
void Renumbering::merge_plain_axes() {
  while (order_.empty() && columns_ == stride_ && !shape_.empty() && orders_.back().empty()) {
    columns_ *= shape_.back();
    rows_ = shape_.back() == 0 ? rows_ : rows_ / shape_.back();
    stride_ = columns_;
    shape_.pop_back();
    orders_.pop_back();
    strides_.pop_back();
  }
}

std::uint64_t Renumbering::rows_of_a_part() const {
  const std::uint64_t row_bytes = std::max<std::uint64_t>(columns_ * bits_ / 8, 1);
  return std::max<std::uint64_t>(kPartBytes / row_bytes, 1);
}

bool Renumbering::fits(const Payload& payload) const {
  const auto bits = checked_mul(*end_, bits_);
  return bits && *bits / 8 + (*bits % 8 != 0) <= payload.bytes.size();
}

bool Renumbering::one_by_one(const Payload& encrypted, const Payload& original) const {
  return encrypted.encoding != Encoding::kFixed || original.encoding != Encoding::kFixed ||
         !code_.empty();
}

std::uint64_t Renumbering::parts(const Payload& encrypted, const Payload& original) const {
  if (!end_ || rows_ == 0 || columns_ == 0 || one_by_one(encrypted, original)) return 1;
  if (!fits(encrypted) || !fits(original)) return 1;
  return (rows_ + rows_of_a_part() - 1) / rows_of_a_part();
}

bool Renumbering::is_of_every_byte(const Payload& encrypted, const Payload& original) const {
  if (!end_ || one_by_one(encrypted, original) || columns_ != stride_) return false;
  const auto bits = checked_mul(*end_, bits_);
  return bits == original.bytes.size() * 8 && bits == encrypted.bytes.size() * 8;
}

bool Renumbering::holds(const Payload& encrypted, const Payload& original,
                        std::uint64_t part) const {
  if (!end_) return false;
  if (rows_ == 0 || columns_ == 0) return true;
  if (one_by_one(encrypted, original)) return elements_hold(encrypted, original);
  if (!fits(encrypted) || !fits(original)) return false;
  const std::uint64_t first = part * rows_of_a_part();
  const std::uint64_t last = std::min(first + rows_of_a_part(), rows_);
  return bits_ == kNibble ? nibbles_hold(encrypted.bytes, original.bytes, first, last)
                          : rows_hold(encrypted.bytes, original.bytes, first, last);
}

template <class Same>
bool Renumbering::each_row(std::uint64_t first, std::uint64_t last, Same same) const {
  std::vector<std::uint64_t> at(shape_.size());
  std::uint64_t rest = first;
  for (std::size_t k = shape_.size(); k-- > 0; rest /= shape_[k]) at[k] = rest % shape_[k];
  for (std::uint64_t row = first; row < last; ++row) {
    std::uint64_t old = 0;
    for (std::size_t k = 0; k < at.size(); ++k) {
      old += (orders_[k].empty() ? at[k] : orders_[k][at[k]]) * strides_[k];
    }
    if (!same(row * stride_, old)) return false;
    for (std::size_t k = at.size(); k-- > 0 && ++at[k] == shape_[k];) at[k] = 0;
  }
  return true;
}

bool Renumbering::rows_hold(std::string_view encrypted, std::string_view original,
                            std::uint64_t first, std::uint64_t last) const {
  const std::uint64_t width = bits_ / 8;
  if (order_.empty()) {
    return each_row(first, last, [&](std::uint64_t there, std::uint64_t here) {
      return std::memcmp(encrypted.data() + there * width, original.data() + here * width,
                         columns_ * width) == 0;
    });
  }
  SameRows rows(bits_, order_, last - first);
  const bool same = each_row(first, last, [&](std::uint64_t there, std::uint64_t here) {
    return rows.add(encrypted.data() + there * width, original.data() + here * width);
  });
  return same && rows.finish();
}

bool Renumbering::nibbles_hold(std::string_view encrypted, std::string_view original,
                               std::uint64_t first, std::uint64_t last) const {
  const bool whole_bytes = stride_ % 2 == 0 && columns_ % 2 == 0;
  if (order_.empty() && whole_bytes) {
    return each_row(first, last, [&](std::uint64_t there, std::uint64_t here) {
      return std::memcmp(encrypted.data() + there / 2, original.data() + here / 2, columns_ / 2) ==
             0;
    });
  }
  if (!order_.empty() && whole_bytes) {
    SameRows rows(bits_, order_, last - first);
    const bool same = each_row(first, last, [&](std::uint64_t there, std::uint64_t here) {
      return rows.add(encrypted.data() + there / 2, original.data() + here / 2);
    });
    return same && rows.finish();
  }
  std::vector<std::uint8_t> e, o;
  return each_row(first, last, [&](std::uint64_t there, std::uint64_t here) {
    unpack(encrypted, there, columns_, e);
    unpack(original, here, columns_, o);
    const std::uint8_t* const new_row = e.data() + there % 2;
    const std::uint8_t* const old_row = o.data() + here % 2;
    for (std::uint64_t j = 0; j < columns_; ++j) {
      if (new_row[j] != old_row[order_.empty() ? j : order_[j]]) return false;
    }
    return true;
  });
}

bool Renumbering::elements_hold(const Payload& encrypted, const Payload& original) const {
  const Elements new_elements(encrypted, bits_), old_elements(original, bits_);
  if (*end_ > new_elements.count() || *end_ > old_elements.count()) return false;
  const auto n = static_cast<std::int64_t>(code_.size());
  const auto coded = [&](std::uint64_t pattern) {
    const std::int64_t v = signed_value(pattern, type_);
    return v < 0 ? v + n : v;
  };
  return each_row(0, rows_, [&](std::uint64_t there, std::uint64_t here) {
    for (std::uint64_t j = 0; j < columns_; ++j) {
      const std::uint64_t e = new_elements[there + j];
      const std::uint64_t o = old_elements[here + (order_.empty() ? j : order_[j])];
      if (code_.empty() && e != o) return false;
      if (code_.empty()) continue;
      const std::int64_t v = coded(o);
      if (v < 0 || v >= n || coded(e) != code_[static_cast<std::size_t>(v)]) return false;
    }
    return true;
  });
}

}  // namespace permcrypt::proof
