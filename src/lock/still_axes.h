// Why data cannot carry more of the key: what stays of inputs and outputs.
#pragma once

#include <string>
#include <vector>

#include "permcrypt/lock.h"

namespace permcrypt {

// A line for each input and output with an axis that stays: "'ids' stays in order on axis 1 (dynamic extent)".
// `original`: the graph without locks; `tried`: with every client map that could be thought of.
std::vector<std::string> still_axes(const Graph& original, LockedGraph& tried);

// Why no weight moves: what holds most of their elements; "" of a graph without weights.
std::string why_nothing_moves(const Graph& original, Inference& inference);

}  // namespace permcrypt
