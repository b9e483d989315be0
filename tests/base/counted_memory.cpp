#include "base/counted_memory.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PERMCRYPT_OTHER_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PERMCRYPT_OTHER_ALLOCATOR
#endif
#endif

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace permcrypt::test {
namespace {

std::atomic<std::size_t> in_use = 0, most = 0;

#ifdef PERMCRYPT_OTHER_ALLOCATOR
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;

void* take(std::size_t bytes) {
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t now = in_use += malloc_usable_size(memory);
  std::size_t before = most;
  while (now > before && !most.compare_exchange_weak(before, now)) {
  }
  return memory;
}

void give_back(void* memory) {
  if (memory != nullptr) in_use -= malloc_usable_size(memory);
  std::free(memory);
}
#endif

}  // namespace

bool counts_memory() { return kCounts; }
std::size_t memory_in_use() { return in_use; }
std::size_t most_memory() { return most; }
void start_counting() { most = in_use.load(); }

}  // namespace permcrypt::test

#ifndef PERMCRYPT_OTHER_ALLOCATOR
void* operator new(std::size_t bytes) { return permcrypt::test::take(bytes); }
void* operator new[](std::size_t bytes) { return permcrypt::test::take(bytes); }
void operator delete(void* memory) noexcept { permcrypt::test::give_back(memory); }
void operator delete[](void* memory) noexcept { permcrypt::test::give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { permcrypt::test::give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { permcrypt::test::give_back(memory); }
#endif
