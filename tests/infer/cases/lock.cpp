// Locks, which are put there by permcrypt itself: see rules/lock.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = permcrypt.Lock(x:f[3,4]) axis=1", "x[a,b] -> y[a,c]"},
    {"y = permcrypt.IndexLock(i:i64<5[3,4])", "i[a,b] -> y[a,b]"},
    {"y = permcrypt.LabelLock(i:i64<5[3,4])", "i[a,b] -> y[a,b]"},
};

}  // namespace

std::span<const OpCase> lock_cases() { return kCases; }

}  // namespace permcrypt::testing
