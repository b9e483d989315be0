#include "derive/guarded.h"

#include <sodium.h>

#include <new>

namespace permcrypt {

unsigned char* guarded_alloc(std::size_t size) {
  if (sodium_init() < 0) throw std::bad_alloc();  // no source of randomness: nothing can work
  void* bytes = sodium_malloc(size);
  if (bytes == nullptr) throw std::bad_alloc();
  sodium_memzero(bytes, size);
  return static_cast<unsigned char*>(bytes);
}

void GuardedBuffer::Free::operator()(unsigned char* bytes) const { sodium_free(bytes); }

WipeOnExit::~WipeOnExit() { sodium_memzero(text_.data(), text_.size()); }

}  // namespace permcrypt
