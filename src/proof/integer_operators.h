// What operators make of two integers, which may be terms of unknown extents.
#pragma once

#include <string_view>

#include "proof/terms.h"

namespace permcrypt::proof {

using IntegerOperator = TermId (*)(Terms&, TermId, TermId);

// Of ONNX's own domain; nullptr where the operator is not known.
IntegerOperator integer_operator(std::string_view op);

}  // namespace permcrypt::proof
