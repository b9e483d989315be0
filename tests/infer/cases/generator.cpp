// Tensors made of shapes and numbers: see rules/generator.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Shape(x:f[3,4,5])", "x[a,b,c] -> y[!3]"},
    {"y = Shape(x:f[3,4,5]) start=-2 end=9", "x[a,b,c] -> y[!2]", 15},
    {"y = Size(x:f[3,4])", "x[a,b] -> y[]"},
    {"y = ConstantOfShape(s:i64[2]={3,4}!)", "s[!2] -> y[a,b]"},
    {"y = ConstantOfShape(s:i64[2]={3,4}!) value=i64[1]={7}", "s[!2] -> y[a,b]"},
    {"y = ConstantOfShape(s:i64[2]={3,4}!) value=f[1]={0.5}", "s[!2] -> y[a,b]"},
    {"y = ConstantOfShape(s:i64[2]={3,4})",
     "s[!2] -> y[..] gave up: ConstantOfShape: operand 0 is computed at run time"},
    {"y = Constant() value_ints=[3,1,2]", "-> y[!3]"},
    {"y = Constant() value_int=3", "-> y[]"},
    {"y = Constant() value_float=0.5", "-> y[]"},
    {"y = Constant() value_floats=[0.5,1.5]", "-> y[!2]"},
    {"y = Range(a:i64[]={1}!, b:i64[]={7}!, s:i64[]={2}!)", "a[] b[] s[] -> y[!3]"},
    {"y = Range(a:i64[]={1}, b:i64[]={7}, s:i64[]={2})", "a[] b[] s[] -> y[?]"},
    {"y = Range(a:i64[]={7}!, b:i64[]={0}!, s:i64[]={-3}!)", "a[] b[] s[] -> y[!3]"},
    {"y = Trilu(x:f[2,3,4])", "x[a,!3,!4] -> y[a,!3,!4]"},
    {"y = Trilu(x:f[2,3,4], k:i64[]={1}!) upper=0", "x[a,!3,!4] k[] -> y[a,!3,!4]"},
    {"y = EyeLike(x:f[3,4])", "x[a,b] -> y[!3,!4]"},
    {"y = NonZero(x:f[3,4]={0,1,2,0,3,0,0,0,0,4,0,5})", "x[!3,!4] -> y[!2,?]"},
    {"y = RandomNormalLike(x:f[3,4]) seed=3.0", "x[a,b] -> y[!3,!4]"},
    {"y = RandomUniformLike(x:f[3,4]) seed=3.0", "x[a,b] -> y[!3,!4]"},
    {"y = RandomNormal() seed=3.0 shape=[3,4]", "-> y[!3,!4]"},
    {"y = RandomUniform() seed=3.0 shape=[3,4]", "-> y[!3,!4]"},
    {"y = DFT(x:f[3,8,1])", "x[a,!8,1] -> y[a,!8,!2]", 17},
    {"y = DFT(x:f[3,8,5,2]) axis=2 inverse=1", "x[a,b,!5,!2] -> y[a,b,!5,!2]", 17},
    {"y = DFT(x:f[3,8,1], _, a:i64[]={-2}!)", "x[a,!8,1] a[] -> y[a,!8,!2]", 20},
    {"y = DFT(x:f[3,8,1]) axis=1 onesided=1", "x[a,!8,1] -> y[a,!5,!2]", 17},
    {"y = DFT(x:f[3,8,1], n:i64[]={16}!) axis=1", "x[a,!8,1] n[] -> y[a,!16,!2]", 17},
    {"y = com.microsoft.Range(a:i64[]={1}!, b:i64[]={7}!)", "a[] b[] -> y[!6]"},
    {"y = com.microsoft.Trilu(x:f[2,3,4])", "x[a,!3,!4] -> y[a,!3,!4]"},
};

}  // namespace

std::span<const OpCase> generator_cases() { return kCases; }

}  // namespace permcrypt::testing
