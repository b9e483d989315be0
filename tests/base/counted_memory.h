// How much memory the program has asked for, counted where it asks.
#pragma once

#include <cstddef>

namespace permcrypt::test {

// Whether this build counts; one with AddressSanitizer has its own allocator.
bool counts_memory();
std::size_t memory_in_use();
// The most that was in use at one time since the last call of start_counting().
std::size_t most_memory();
void start_counting();

}  // namespace permcrypt::test
