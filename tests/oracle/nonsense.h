// Models of one node that no exporter would write: any operator, any operands, any attributes.
#pragma once

#include <random>
#include <string>

namespace permcrypt::testing {

std::string nonsense_model(std::mt19937& random);

}  // namespace permcrypt::testing
