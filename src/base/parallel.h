// Runs independent tasks on several threads. What comes out never depends on how many there are.
#pragma once

#include <cstddef>
#include <functional>

#include "permcrypt/status.h"

namespace permcrypt {

// The number of threads that an option means: 0 is one for each core.
unsigned thread_count(unsigned requested);

// Calls task(0) ... task(count - 1), each once, on at most `threads` threads (0: all cores) and
// returns when all have ended. Tasks start in order. When some fail, no more are started, and the
// error of the lowest-numbered failure is returned: the same one for every number of threads. An
// exception that leaves a task is a kDefect.
Result<void> parallel_for(std::size_t count, unsigned threads,
                          const std::function<Result<void>(std::size_t)>& task);

}  // namespace permcrypt
