// A step of permuting in place, as the journal keeps it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apply/in_place.h"

namespace permcrypt {

// A record is this, and then the bytes of the step.
std::string record_head(const InPlaceStep& step);
// Nothing when it is not such a record.
std::optional<InPlaceStep> parse_record(std::string_view record);

}  // namespace permcrypt
