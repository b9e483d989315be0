// The plan inside of a sealed plan.
#pragma once

#include <cstdint>
#include <vector>

#include "permcrypt/plan.h"
#include "write/untrusted_json.h"

namespace permcrypt {

// Of files of these sizes. Spans lie within them, are sorted and do not overlap; axes fit views;
// groups exist; data files stay inside the model's folder. Throws untrusted::Malformed for anything
// else.
Plan read_plan(const untrusted::Json& json, const std::vector<std::uint64_t>& sizes);

}  // namespace permcrypt
