// A verdict for people and for scripts.
#pragma once

#include <string>

#include "permcrypt/verify.h"

namespace permcrypt::cli {

std::string verdict_text(const Verdict& verdict);
std::string verdict_json(const Verdict& verdict);

}  // namespace permcrypt::cli
