// Names from a model are hostile: they may hold terminal escapes or be megabytes long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace permcrypt {

// Text fit for a message: control characters as \xNN, at most `limit` bytes shown.
std::string printable(std::string_view text, std::size_t limit = 120);

// The name in single quotes, fit for a message: control characters as \xNN, at most 120 bytes
// shown.
std::string in_quotes(std::string_view name);

}  // namespace permcrypt
