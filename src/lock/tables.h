// Locks on tables. Positions that the graph counts by itself hold the rows of the table that they
// are read from, and no lock can stand on what is counted. One between the table and its readers
// frees it: the rows lie in the file in another order, and the key puts them back.
#pragma once

#include <cstddef>
#include <vector>

#include "lock/flow.h"
#include "permcrypt/infer.h"
#include "permcrypt/lock.h"

namespace permcrypt {

// A lock for each axis that is held of each constant table that is worth it, where the constant
// meets what is computed from inputs: what comes before is computed once, when the model is loaded.
//
// Such a lock copies the whole table at every run. So
// - the table must hold a noteworthy share of the weights, for each of its locks;
// - all of them together must be small beside the weights, with each of which the model multiplies
//   once for each position: the copies stay a small part of a run. Where runs have one position
//   only, reading the weights is what takes the time, and `sparing` asks for much less;
// - what is read at indices that come with the input is no table of positions but a vocabulary, of
//   which a run reads little; and kernels and matrices are prepared by runtimes when a model is
//   loaded, which a lock would prevent. Only operators that read or add rows count;
// - there must be something to hide: the order of a mask can be told from its zeros.
// Only values below `values` count, as in find_cut_points().
std::vector<LockSite> find_table_locks(const Graph& graph, Inference& inference, const Flow& flow,
                                       std::size_t values, bool sparing);

// Whether `locks` such locks, all of which have an effect, are worth raising the share of weights
// that move by `gain`: much may be computed at loading from a table that is small itself.
bool is_worthwhile(std::size_t locks, double gain);

}  // namespace permcrypt
