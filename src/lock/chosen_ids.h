// Ids that the model chooses by itself, as ArgMax and TopK do. They may follow the axis that they
// were chosen from, and then need no lock where they select again.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// As settle(). Where more weights move without locks on chosen ids, these are left out of `locks`.
Result<LockedGraph> settle_sparing(const Graph& graph, std::vector<LockSite>& locks,
                                   const InferOptions& options);

}  // namespace permcrypt
