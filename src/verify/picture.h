// How a picture in a file is one of a model's inputs or outputs.
//
// A PNG holds one picture: height x width pixels of 1 to 4 channels. It stands for a value of that
// shape, with the channels first or last, and possibly an axis in front for a batch of one. Its
// numbers are not the model's, which are scaled; but client maps change places and not values, so
// scrambling before scaling is the same as scaling before scrambling, where all are scaled alike.
// Where channels change places too, a scale of its own for each channel must come first.
#pragma once

#include <span>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

// `picture` ([height, width, channels]) as the one of `values` that it fits: name, shape and order
// of axes. Errors (kInput): it fits none, or more than one, or one in two ways.
Result<TensorData> picture_as_value(const TensorData& picture, std::span<const ClientValue> values);

// The way back: `value` as a picture of the shape of `picture`.
TensorData value_as_picture(const TensorData& value, const TensorData& picture);

// Client maps move something of `value` to another channel. `value` is what picture_as_value() made
// of `picture`.
Result<bool> channels_move(const TensorData& value, const TensorData& picture,
                           std::span<const ClientMap> maps);

}  // namespace permcrypt
