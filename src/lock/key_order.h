// In which order locks take their parts of the key.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// Inputs, then what the graph meets in order, then outputs. Those on one value follow each other as
// insert_locks() wants them, by axis.
void sort_in_key_order(const Graph& graph, std::vector<LockSite>& locks);

}  // namespace permcrypt
