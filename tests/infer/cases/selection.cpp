// Parts of axes, estimators, and what training and text add: see rules/selection.cpp,
// rules/estimator.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Compress(x:f[4,3], k:b[4]) axis=0", "x[!4,a] k[!4] -> y[?,a]"},
    {"y = Compress(x:f[4,3], k:b[12])", "x[!4,!3] k[!12] -> y[?]"},
    {"y = ReverseSequence(x:f[4,3,5], l:i64[3]={4,2,3})", "x[!4,a,b] l[a] -> y[!4,a,b]"},
    {"y = ReverseSequence(x:f[3,4,5], l:i64[3]={4,2,3}) batch_axis=0 time_axis=1",
     "x[a,!4,b] l[a] -> y[a,!4,b]"},
    {"y = CenterCropPad(x:f[4,6,5], s:i64[1]={3}!) axes=[1]", "x[a,!6,b] s[1] -> y[a,!3,b]", 18},
    {"y = TensorScatter(x:f[2,3,8,5], u:f[2,3,4,5], p:i64[2]={0,3})",
     "x[a,b,!8,c] u[a,b,!4,c] p[a] -> y[a,b,!8,c]", 24, Kernel::kRecent},
    {"y = ai.onnx.ml.ArrayFeatureExtractor(x:f[3,7], i:i64[1,2]={4,1})",
     "x[a,!7] i[1,b] -> y[a,b]"},
    {"y = Det(x:f[3,4,4])", "x[a,b,b] -> y[a]"},
    {"y = ai.onnx.ml.Normalizer(x:f[3,4]) norm=L2", "x[a,b] -> y[a,b]"},
    {"y, m = com.microsoft.BiasDropout(x:f[3,4], b:f[4]!, r:f[3,4])",
     "x[a,b] b[b] r[a,b] -> y[a,b] m[a,b]"},
    {"y = com.microsoft.BiasAdd(x:f[2,3,4], b:f[4]!, r:f[2,3,4])",
     "x[a,b,c] b[c] r[a,b,c] -> y[a,b,c]"},
    {"y = com.microsoft.BiasSplitGelu(x:f[2,3,8], b:f[8]!)", "x[a,b,c+c] b[c+c] -> y[a,b,c]"},
    {"y, s = com.microsoft.SkipGroupNorm(x:f[2,3,5,6], g:f[6]!, h:f[6]!, k:f[2,6], b:f[6]!) "
     "groups=2 channels_last=1",
     "x[a,b,c,d*e] g[d*e] h[d*e] k[a,d*e] b[d*e] -> y[a,b,c,d*e] s[a,b,c,d*e]"},
    {"y = ai.onnx.ml.Binarizer(x:f[3,4])", "x[a,b] -> y[a,b]"},
};

}  // namespace

std::span<const OpCase> selection_cases() { return kCases; }

}  // namespace permcrypt::testing
