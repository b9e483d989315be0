// How far a long piece of work is, for whoever waits.
#pragma once

#include <cstdint>
#include <functional>

namespace permcrypt {

// Bytes done of all; called from several threads, often, so it has to be cheap. May be empty.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace permcrypt
