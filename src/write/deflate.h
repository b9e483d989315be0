// zlib streams.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace permcrypt {

// As small as zlib makes it.
std::string deflate_bytes(std::string_view bytes);

// Nothing when `compressed` is not one whole zlib stream, or more than `limit` bytes come out.
std::optional<std::string> inflate_bytes(std::string_view compressed, std::size_t limit);

}  // namespace permcrypt
