// Where the key could meet the user's data: tables that ids select from, inputs, outputs.
#pragma once

#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// Every place worth trying, in no particular order; whether the axis behind it can move is for
// inference to say, with the locks in place.
//
// `plain`: what inference says of the graph without locks.
std::vector<LockSite> find_interface_locks(const Graph& graph, const Inference& plain);

// The same for client maps: axes of any input and output, and the ids in integer ones.
std::vector<LockSite> find_client_maps(const Graph& graph, const Inference& plain);

// Only the tables that ids select from, of a graph with client maps: those whose ids still come in
// the user's order.
std::vector<LockSite> find_index_locks(const LockedGraph& mapped);

}  // namespace permcrypt
