// Memory for secrets: libsodium's guarded allocations, which are locked, fenced and wiped, and a
// guard for the strings that secrets pass through.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace permcrypt {

// `size` bytes in guarded memory, zero at first. Throws std::bad_alloc. Free with sodium_free.
unsigned char* guarded_alloc(std::size_t size);

// A byte buffer of fixed capacity in guarded memory. Move only.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::size_t capacity)
      : bytes_(guarded_alloc(capacity)), capacity_(capacity) {}

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }
  unsigned char* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  // REQUIRES: size <= capacity().
  void resize(std::size_t size) { size_ = size; }

 private:
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  std::unique_ptr<unsigned char, Free> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
};

// Wipes a string when the scope ends.
class WipeOnExit {
 public:
  explicit WipeOnExit(std::string& text) : text_(text) {}
  ~WipeOnExit();
  WipeOnExit(const WipeOnExit&) = delete;
  WipeOnExit& operator=(const WipeOnExit&) = delete;

 private:
  std::string& text_;
};

}  // namespace permcrypt
