// What a group of indices probably is, in one word for people. Guessed from where it occurs: how
// many tensors hold it, beside what, and which locks it touches. Names of tensors say nothing, and
// nothing depends on a role.
#pragma once

#include "permcrypt/graph.h"
#include "permcrypt/plan.h"

namespace permcrypt {

// Sets PlanGroup::role of all groups: "vocabulary", "positions", "classes", "features", "heads",
// "head_dim", "residual", "mlp", "channels", or "hidden" when nothing fits.
void name_roles(Plan& plan, const Graph& graph);

}  // namespace permcrypt
