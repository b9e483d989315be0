// One TensorProto: what it is, where its elements lie, and whether they can be moved there.
#pragma once

#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "read/external_data.h"
#include "read/wire.h"

namespace permcrypt {

// Reads the TensorProto that is frames[frame] of the model file `file`. Sets everything but
// Tensor::scope. Adds the frame of its external location, if it has one.
//
// Errors (kInput): negative or overflowing dimensions; elements without data; data of another
// length than type and shape need; whatever ExternalFiles finds. Data that is there but cannot be
// moved element by element is no error: `payload` is absent and `unmovable` says why.
Result<Tensor> read_tensor(std::string_view file, FrameId frame, std::vector<Frame>& frames,
                           ExternalFiles& external);

// Appends what one field of `dims` says, packed or not. Errors (kInput): it is cut off or negative.
Result<void> add_dims(std::string_view file, const wire::Field& field,
                      std::vector<std::int64_t>& shape);

}  // namespace permcrypt
