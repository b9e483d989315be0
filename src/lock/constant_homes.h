// Which graph of the file each constant belongs to.
#pragma once

#include <map>
#include <string_view>

#include "permcrypt/graph.h"

namespace permcrypt {

// Whether the inner graphs of such a node see the names of the graph around it.
bool captures_names(std::string_view domain, std::string_view op);

// Constants of the graphs whose nodes may read the key (see key_scope.h), by tensor: those of the
// main graph and of bodies of If, Loop and Scan, initializers and Constant nodes alike.
std::map<TensorId, FrameId> constant_homes(const Model& model);

}  // namespace permcrypt
