// Statistics over some axes, parameters along others: see rules/normalisation.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = LayerNormalization(x:f[2,3,4], s:f[4]!, b:f[4]!)", "x[a,b,c] s[c] b[c] -> y[a,b,c]"},
    {"y, m, d = LayerNormalization(x:f[2,3,4], s:f[3,4]!) axis=1",
     "x[a,b,c] s[b,c] -> y[a,b,c] m[a,1,1] d[a,1,1]"},
    {"y = LayerNormalization(x:f[2,3,4], s:f[4]!, b:f[4]!) axis=2",
     "x[a,b,c] s[c] b[c] -> y[a,b,c]"},
    {"y = RMSNormalization(x:f[2,3,4], s:f[4]!)", "x[a,b,c] s[c] -> y[a,b,c]", 23, Kernel::kRecent},
    {"y = RMSNormalization(x:f[2,3,4], s:f[3,4]!) axis=-2", "x[a,b,c] s[b,c] -> y[a,b,c]", 23,
     Kernel::kRecent},
    {"y = SimplifiedLayerNormalization(x:f[2,3,4], s:f[4]!)", "x[a,b,c] s[c] -> y[a,b,c]"},
    {"y = com.microsoft.SimplifiedLayerNormalization(x:f[2,3,4], s:f[4]!)",
     "x[a,b,c] s[c] -> y[a,b,c]"},
    {"y = com.microsoft.LayerNormalization(x:f[2,3,4], s:f[4]!, b:f[4]!)",
     "x[a,b,c] s[c] b[c] -> y[a,b,c]"},
    {"y, _, _, r = com.microsoft.SkipLayerNormalization(x:f[2,3,4], k:f[2,3,4], s:f[4]!, b:f[4]!, "
     "c:f[4]!)",
     "x[a,b,c] k[a,b,c] s[c] b[c] c[c] -> y[a,b,c] r[a,b,c]"},
    {"y = com.microsoft.SkipLayerNormalization(x:f[2,3,4], k:f[3,4], s:f[4]!)",
     "x[a,b,c] k[b,c] s[c] -> y[a,b,c]"},
    {"y, _, _, r = com.microsoft.SkipSimplifiedLayerNormalization(x:f[2,3,4], k:f[2,3,4], s:f[4]!, "
     "c:f[4]!)",
     "x[a,b,c] k[a,b,c] s[c] c[c] -> y[a,b,c] r[a,b,c]"},
    {"y = com.microsoft.SkipSimplifiedLayerNormalization(x:f[2,3,4], k:f[1,3,4], s:f[4]!)",
     "x[a,b,c] k[1,b,c] s[c] -> y[a,b,c]"},
    {"y = BatchNormalization(x:f[2,3,4,5], s:f[3]!, b:f[3]!, m:f[3]!, v:p[3]!)",
     "x[a,b,c,d] s[b] b[b] m[b] v[b] -> y[a,b,c,d]"},
    {"y, m2, v2 = BatchNormalization(x:f[2,3,4], s:f[3]!, b:f[3]!, m:f[3]!, v:p[3]!) "
     "training_mode=1",
     "x[a,b,c] s[b] b[b] m[b] v[b] -> y[a,b,c] m2[b] v2[b]"},
    {"y = BatchNormalization(x:f[2,3], s:f[3]!, b:f[3]!, m:f[3]!, v:p[3]!)",
     "x[a,b] s[b] b[b] m[b] v[b] -> y[a,b]", 7},
    {"y = InstanceNormalization(x:f[2,3,4,5], s:f[3]!, b:f[3]!)",
     "x[a,b,c,d] s[b] b[b] -> y[a,b,c,d]"},
    {"y = GroupNormalization(x:f[2,12,4], s:f[12]!, b:f[12]!) num_groups=3",
     "x[a,b*c,d] s[b*c] b[b*c] -> y[a,b*c,d]", 21},
    {"y = GroupNormalization(x:f[2,12,4], s:f[3]!, b:f[3]!) num_groups=3",
     "x[a,b*c,d] s[b] b[b] -> y[a,b*c,d]", 18},
    {"y = com.microsoft.GroupNorm(x:f[2,4,4,6], s:f[6]!, b:f[6]!) groups=2 activation=0",
     "x[a,b,c,d*e] s[d*e] b[d*e] -> y[a,b,c,d*e]"},
    {"y = com.microsoft.GroupNorm(x:f[2,6,4,4], s:f[6]!, b:f[6]!) groups=2 activation=1 "
     "channels_last=0",
     "x[a,b*c,d,e] s[b*c] b[b*c] -> y[a,b*c,d,e]"},
    {"y = MeanVarianceNormalization(x:f[2,3,4,5])", "x[a,b,c,d] -> y[a,b,c,d]"},
    {"y = MeanVarianceNormalization(x:f[2,3,4,5]) axes=[1,3]", "x[a,b,c,d] -> y[a,b,c,d]"},
    {"y = com.microsoft.GatedRMSNorm(x:f[2,3,8], s:f[4]!, g:f[2,3,8]) activation=silu",
     "x[a,b,c*d] s[d] g[a,b,c*d] -> y[a,b,c*d]", 17, Kernel::kRecent},
    {"y = com.microsoft.GatedRMSNorm(x:f[3,8], s:f[8]!, g:f[3,8]) activation=sigmoid",
     "x[a,b] s[b] g[a,b] -> y[a,b]", 17, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> normalisation_cases() { return kCases; }

}  // namespace permcrypt::testing
