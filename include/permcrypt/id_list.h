// A list of ids, as a std::vector is one, but a short one takes no memory of its own: graphs have
// hundreds of thousands of lists, and hardly one of them is long.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

namespace permcrypt {

class IdList {
 public:
  using value_type = std::uint32_t;

  IdList() = default;
  IdList(std::initializer_list<std::uint32_t> ids) { append(ids); }
  explicit IdList(std::span<const std::uint32_t> ids) { append(ids); }
  IdList(const IdList& other) { append(other); }
  IdList(IdList&& other) noexcept { swap(other); }
  IdList& operator=(IdList other) noexcept {
    swap(other);
    return *this;
  }
  ~IdList() {
    if (room_ > kInside) delete[] ids_.outside;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint32_t* data() { return room_ > kInside ? ids_.outside : ids_.inside; }
  const std::uint32_t* data() const { return room_ > kInside ? ids_.outside : ids_.inside; }
  std::uint32_t* begin() { return data(); }
  std::uint32_t* end() { return data() + size_; }
  const std::uint32_t* begin() const { return data(); }
  const std::uint32_t* end() const { return data() + size_; }
  std::uint32_t& operator[](std::size_t i) { return data()[i]; }
  std::uint32_t operator[](std::size_t i) const { return data()[i]; }
  std::uint32_t front() const { return data()[0]; }
  std::uint32_t back() const { return data()[size_ - 1]; }

  void push_back(std::uint32_t id) {
    if (size_ == room_) grow(2 * room_);
    data()[size_++] = id;
  }
  bool operator==(const IdList& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  static constexpr std::uint32_t kInside = 4;

  void append(std::span<const std::uint32_t> ids) {
    if (ids.size() > room_) grow(static_cast<std::uint32_t>(ids.size()));
    std::copy(ids.begin(), ids.end(), data());
    size_ = static_cast<std::uint32_t>(ids.size());
  }
  void grow(std::uint32_t room) {
    auto* ids = new std::uint32_t[room];
    std::copy(begin(), end(), ids);
    if (room_ > kInside) delete[] ids_.outside;
    ids_.outside = ids;
    room_ = room;
  }
  void swap(IdList& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    std::swap(ids_, other.ids_);
  }

  union Ids {
    std::uint32_t inside[kInside];  // while room_ is kInside
    std::uint32_t* outside;
  };
  std::uint32_t size_ = 0, room_ = kInside;
  Ids ids_ = {};
};

}  // namespace permcrypt
