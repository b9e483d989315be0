// PNG files as tensors of their pixels.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

bool png_available();  // permcrypt was built with libpng

// The pixels as [height, width, channels], uint8 or uint16, exactly as stored: no gamma, no profile.
// Channels are grey, grey and alpha, RGB, or RGBA; palettes and pixels of less than 8 bits are
// expanded, which loses nothing. Errors: kInput when it is no PNG, is damaged, or has more than 2^28
// bytes of pixels; kState without libpng.
Result<TensorData> decode_png(std::string_view file);

// The way back. REQUIRES: a tensor as decode_png() makes it. Errors: kOutput; kState.
Result<std::string> encode_png(const TensorData& pixels);

}  // namespace permcrypt
