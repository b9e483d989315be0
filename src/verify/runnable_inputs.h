// Inputs on which a model does run. What a model declares about its dynamic dimensions does not say
// which extents fit together, or fit its weights: this asks the model.
#pragma once

#include <vector>

#include "permcrypt/status.h"
#include "verify/make_inputs.h"
#include "verify/runtime.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// Makes inputs with `choices`, then with further guesses at the dimensions that they leave open
// (a mask over past and new positions, a picture, a sound), until the model runs on one of them.
// Errors (kInput): the reason why it does not run on the first, with a hint.
Result<std::vector<TensorData>> runnable_inputs(Session& session, const InputChoices& choices);

}  // namespace permcrypt
