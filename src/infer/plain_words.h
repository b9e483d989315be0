// Reasons of inference, for the owner of a model.
#pragma once

#include <string>
#include <string_view>

namespace permcrypt {

// Of a weight that is part of a sparse tensor.
inline constexpr std::string_view kStoredSparsely = "stored as a sparse tensor";

// Why an axis stays, as AxisStore::why() says, with what it means where a few words do not say it.
std::string in_plain_words(std::string_view reason);

}  // namespace permcrypt
