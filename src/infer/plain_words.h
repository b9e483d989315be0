// Reasons of inference, for the owner of a model.
#pragma once

#include <string>
#include <string_view>

namespace permcrypt {

// Why an axis stays, as AxisStore::why() says, with what it means where a few words do not say it.
std::string in_plain_words(std::string_view reason);

}  // namespace permcrypt
