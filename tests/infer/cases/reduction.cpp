// What is reduced or normalised over may be in any order, unless it runs: see rules/reduction.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = ReduceL1(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceL1(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceL2(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceL2(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceLogSum(x:p[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceLogSum(x:p[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceLogSumExp(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceLogSumExp(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceMax(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceMax(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceMean(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceMean(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceMin(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceMin(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceProd(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceProd(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceSum(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceSum(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceSumSquare(x:f[3,4,5]) axes=[1]", "x[a,b,c] -> y[a,1,c]", 11},
    {"y = ReduceSumSquare(x:f[3,4,5], a:i64[1]={-1}!) keepdims=0", "x[a,b,c] a[1] -> y[a,b]", 18},
    {"y = ReduceSum(x:f[3,4,5], a:i64[1]={1}!)", "x[a,b,c] a[1] -> y[a,1,c]"},
    {"y = ReduceSum(x:f[3,4], a:i64[0]={}!) noop_with_empty_axes=1", "x[a,b] a[!0] -> y[a,b]"},
    {"y = ReduceSum(x:f[3,4], a:i64[0]={}!)", "x[a,b] a[!0] -> y[1,1]"},
    {"y = ReduceMean(x:f[3,4])", "x[a,b] -> y[1,1]"},
    {"y = ReduceMean(x:f[3,4,5]) axes=[0,-1] keepdims=0", "x[a,b,c] -> y[b]"},
    {"y = ReduceMax(x:f[3,4]) keepdims=0", "x[a,b] -> y[]", 7},
    {"y = ReduceSum(x:f[3,4], a:i64[1]={1})",
     "x[!3,!4] a[1] -> y[..] gave up: ReduceSum: operand 1 is computed at run time"},
    {"y = Softmax(x:f[3,4,5])", "x[a,b,c] -> y[a,b,c]"},
    {"y = Softmax(x:f[3,4,5]) axis=1", "x[a,b,c] -> y[a,b,c]"},
    {"y = Softmax(x:f[3,4,5])", "x[a,b,c] -> y[a,b,c]", 11},
    {"y = Softmax(x:f[3,4,5]) axis=2", "x[a,b,c] -> y[a,b,c]", 7},
    {"y = LogSoftmax(x:f[3,4,5]) axis=-2", "x[a,b,c] -> y[a,b,c]"},
    {"y = LogSoftmax(x:f[3,4,5]) axis=1", "x[a,b,c] -> y[a,b,c]", 11},
    {"y = LpNormalization(x:f[3,4,5]) axis=1 p=1", "x[a,b,c] -> y[a,b,c]"},
    {"y = LpNormalization(x:f[3,4,5])", "x[a,b,c] -> y[a,b,c]"},
    {"y = "
     "Hardmax(x:f[3,4,5]={3,1,3,0,2,3,3,1,1,0,0,2,2,3,1,1,1,3,3,3,2,2,0,1,1,0,2,1,1,2,2,0,0,2,2,1,"
     "1,2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}) axis=1",
     "x[a,!4,b] -> y[a,!4,b]"},
    {"y = "
     "Hardmax(x:f[3,4,5]={3,1,3,0,2,3,3,1,1,0,0,2,2,3,1,1,1,3,3,3,2,2,0,1,1,0,2,1,1,2,2,0,0,2,2,1,"
     "1,2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0})",
     "x[a,b,!5] -> y[a,b,!5]"},
    {"y = "
     "Hardmax(x:f[3,4,5]={3,1,3,0,2,3,3,1,1,0,0,2,2,3,1,1,1,3,3,3,2,2,0,1,1,0,2,1,1,2,2,0,0,2,2,1,"
     "1,2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}) axis=1",
     "x[a,!4,!5] -> y[a,!4,!5]", 11},
    {"y = "
     "Hardmax(x:f[3,4,5]={3,1,3,0,2,3,3,1,1,0,0,2,2,3,1,1,1,3,3,3,2,2,0,1,1,0,2,1,1,2,2,0,0,2,2,1,"
     "1,2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}) axis=-1",
     "x[a,b,!5] -> y[a,b,!5]", 11},
    {"y = CumSum(x:f[3,4], a:i64[]={1}!)", "x[a,!4] a[] -> y[a,!4]"},
    {"y = CumSum(x:f[3,4], a:i64[]={-2}!) exclusive=1 reverse=1", "x[!3,a] a[] -> y[!3,a]"},
    {"y = CumSum(x:f[3,4], a:i64[]={1})", "x[!3,!4] a[] -> y[!3,!4]"},
    {"y = CumProd(x:f[3,4], a:i64[]={1}!)", "x[a,!4] a[] -> y[a,!4]", 26, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> reduction_cases() { return kCases; }

}  // namespace permcrypt::testing
