// Inputs for a model for which there is no data.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// What the model's declared inputs do not say.
struct InputChoices {
  // Inputs that index tables: their values lie in [0, bound).
  std::map<std::string, std::int64_t> id_bounds;
  // Inputs that carry state from step to step.
  std::set<std::string> caches;
  // Inputs of real numbers that are masks all the same.
  std::set<std::string> masks;
  // Extents of dynamic dimensions, by name.
  std::map<std::string, std::int64_t> dims;
  // The other dynamic dimensions: of the first axis; of the further ones of caches (0 is the empty
  // cache of a first step); of those of all other inputs.
  std::int64_t batch = 2, past = 7, others = 7;
  std::uint64_t seed = 1;
  // Zeros of masks: anywhere, as of words left out, or at the ends of rows, as of padding.
  bool padded_masks = false;
};

// One tensor per input, in order; the same on every machine. Floating-point elements are
// approximately N(0,1). Integers and booleans are ids, or in caches any small numbers, or else
// masks: ones with some zeros, but never a zero at index 0 of the last axis, so that no row is
// masked altogether; where they are padded, the first row is ones only. A dimension with a name has
// the same extent wherever it occurs; a name such as "past + sequence" or "seq + 1" is the sum of
// its parts. Errors (kInput): an input that is not a tensor of numbers, or would pass 1 GiB.
Result<std::vector<TensorData>> make_inputs(std::span<const TensorInfo> inputs,
                                            const InputChoices& choices);

}  // namespace permcrypt
