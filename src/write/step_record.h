// A step of permuting in place, as the journal keeps it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apply/in_place.h"

namespace permcrypt {

std::string to_record(const InPlaceStep& step);
// Nothing when it is not such a record.
std::optional<InPlaceStep> parse_record(std::string_view record);

}  // namespace permcrypt
