// One pass over the bytes of a ModelProto: records where everything lies, and copies the structure.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "read/external_data.h"

namespace permcrypt {

// Fills model.frames, model.tensors and the external part of model.files, and returns the skeleton:
// the ModelProto with every payload replaced as Model::structure says, ready to be parsed.
// Errors: kInput, as read_model; messages do not name the model.
Result<std::string> walk_model(std::string_view file, Model& model, ExternalFiles& external);

}  // namespace permcrypt
