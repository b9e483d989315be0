// Why axes stay, in words for the owner of a model.
#pragma once

#include <string>
#include <string_view>

#include "permcrypt/report.h"

namespace permcrypt {

// Of a weight that is part of a sparse tensor.
inline constexpr std::string_view kStoredSparsely = "stored as a sparse tensor";

// A reason of inference, with what it means where a few words do not say it.
std::string in_plain_words(std::string_view reason);

// Sets TensorReport::why, and appends the factors that stay as groups that are not free.
void add_reasons(Analysis& analysis, Report& report);

}  // namespace permcrypt
