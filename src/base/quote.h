// Names from a model are hostile: they may hold terminal escapes or be megabytes long.
#pragma once

#include <string>
#include <string_view>

namespace permcrypt {

// The name in single quotes, fit for a message: control characters as \xNN, at most 120 bytes
// shown.
std::string in_quotes(std::string_view name);

}  // namespace permcrypt
