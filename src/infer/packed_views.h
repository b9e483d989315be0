// Constants whose payload is an array of another shape or width than the tensor's: 4-bit blocks
// inside uint8 tensors, scales in a flat list. The operands' axes are then those of the view.
#pragma once

#include <map>

#include "infer/workspace.h"

namespace permcrypt {

// The views that the graph's operators ask for. A constant seen in two ways, or used as plain data
// too, gets none; the operator's rule then pins it.
std::map<ValueId, PayloadView> find_packed_views(const Workspace& ws);

}  // namespace permcrypt
