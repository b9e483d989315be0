// Why a step of the proof does not go through. Thrown inside this room only; the interpreter
// catches both at the node where they arise.
#pragma once

#include <string>

namespace permcrypt::proof {

// The step may be right; this checker cannot tell.
struct NotUnderstood {
  std::string why;
};

// The encrypted model computes something else than the original.
struct Contradiction {
  std::string what;
};

}  // namespace permcrypt::proof
