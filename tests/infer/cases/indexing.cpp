// Selecting at constant positions: see rules/indexing.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Gather(x:f[5,12], i:i64[3,4]={0,1,2,3,4,5,6,7,8,9,10,11}!) axis=1",
     "x[a,b*c] i[!3,!4] -> y[a,b,c]"},
    {"y = Gather(x:f[12,5], i:i64[4,1,3]={0,4,8,1,5,9,2,6,10,3,7,11}!)",
     "x[a*b,c] i[!4,1,!3] -> y[b,1,a,c]"},
    {"y = Gather(x:f[10], i:i64[2,3]={2,3,4,5,6,7}!)",
     "x[a+b*c+d] i[!2,!3] -> y[b,c]"},
    {"y = Gather(x:f[10,2], i:i64[3]={-3,-2,-1}!)", "x[a+b,c] i[!3] -> y[b,c]"},
    {"y = Gather(x:f[10], i:i64[]={4}!)", "x[a+1+b] i[] -> y[]"},
    {"y = Gather(x:f[7], i:i64[3]={0,2,4}!)", "x[a] i[b]=a -> y[b]"},
    {"y = Gather(x:f[9], i:i64[2,3]={0,1,2,4,5,6}!)", "x[a] i[b,c]=a -> y[b,c]"},
    {"y = Gather(x:f[6], i:i64[2,3]={0,0,0,1,1,1}!)", "x[a] i[b,c]=a -> y[b,c]"},
};

}  // namespace

std::span<const OpCase> indexing_cases() { return kCases; }

}  // namespace permcrypt::testing
