// One matrix, written twice: exporters fold the transpose of a tied embedding into a second
// initializer. Two different permutations on two copies would let anybody sort rows and read off
// the product of the locks between them, with no base model. So copies are found and unified.
#pragma once

#include <vector>

#include "infer/workspace.h"

namespace permcrypt {

// `copy` holds the elements of `original`, transposed (rank 2) or as they are.
struct Duplicate {
  ValueId original = kNone, copy = kNone;
  bool transposed = false;
};

// Candidates by shape and 64 sampled elements, then compared in full.
Result<std::vector<Duplicate>> find_duplicates(const Graph& graph);

void tie_duplicates(Workspace& ws, const std::vector<Duplicate>& duplicates);

// Groups of equal constants, each sorted by id.
std::vector<std::vector<ValueId>> duplicate_classes(const std::vector<Duplicate>& duplicates);

}  // namespace permcrypt
