// Quantised operators: see rules/quantisation.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = QuantizeLinear(x:f[2,3,4], s:p[]!, z:i8[]!)", "x[a,b,c] s[] z[] -> y[a,b,c]", 21},
    {"y = QuantizeLinear(x:f[2,3,4], s:p[3]!, z:i8[3]!) axis=1", "x[a,b,c] s[b] z[b] -> y[a,b,c]",
     21},
    {"y = com.microsoft.QuantizeLinear(x:f[2,3,4], s:p[3]!, z:i8[3]!) axis=1",
     "x[a,b,c] s[b] z[b] -> y[a,b,c]"},
    {"y = QuantizeLinear(x:f[2,12,4], s:p[2,3,4]!, z:i8[2,3,4]!) axis=1 block_size=4",
     "x[a,b*c,d] s[a,b,d] z[a,b,d] -> y[a,b*c,d]", 21},
    {"y = QuantizeLinear(x:f[2,10,4], s:p[2,3,4]!, z:i8[2,3,4]!) axis=1 block_size=4",
     "x[a,b*c+d,e] s[a,b+1,e] z[a,b+1,e] -> y[a,b*c+d,e]", 21},
    {"y = DequantizeLinear(x:i8[2,3,4], s:p[]!, z:i8[]!)", "x[a,b,c] s[] z[] -> y[a,b,c]", 21},
    {"y = DequantizeLinear(x:i8[2,3,4], s:p[3]!, z:i8[3]!) axis=1",
     "x[a,b,c] s[b] z[b] -> y[a,b,c]", 21},
    {"y = com.microsoft.DequantizeLinear(x:i8[2,3,4], s:p[3]!, z:i8[3]!) axis=1",
     "x[a,b,c] s[b] z[b] -> y[a,b,c]"},
    {"y = DequantizeLinear(x:i8[2,12,4], s:p[2,3,4]!, z:i8[2,3,4]!) axis=1 block_size=4",
     "x[a,b*c,d] s[a,b,d] z[a,b,d] -> y[a,b*c,d]", 21},
    {"y = DequantizeLinear(x:i8[2,10,4], s:p[2,3,4]!, z:i8[2,3,4]!) axis=1 block_size=4",
     "x[a,b*c+d,e] s[a,b+1,e] z[a,b+1,e] -> y[a,b*c+d,e]", 21},
    {"y, s, z = DynamicQuantizeLinear(x:f[3,5])", "x[a,b] -> y[a,b] s[] z[]"},
    {"y = MatMulInteger(a:u8[2,3,4], b:u8[4,5]!, az:u8[]!, bz:u8[5]!)",
     "a[a,b,c] b[c,d] az[] bz[d] -> y[a,b,d]"},
    {"y = com.microsoft.MatMulInteger16(a:u8[3,4], b:u8[4,5]!)", "a[a,b] b[b,c] -> y[a,c]"},
    {"y = com.microsoft.MatMulIntegerToFloat(a:u8[2,3,4], b:u8[4,5]!, as:p[]!, bs:p[5]!, "
     "az:u8[]!, bz:u8[5]!, c:f[5]!)",
     "a[a,b,c] b[c,d] as[] bs[d] az[] bz[d] c[d] -> y[a,b,d]"},
    {"y = com.microsoft.DynamicQuantizeMatMul(a:f[2,3,4], b:u8[4,5]!, bs:p[5]!, bz:u8[5]!, "
     "c:f[5]!)",
     "a[a,b,c] b[c,d] bs[d] bz[d] c[d] -> y[a,b,d]"},
    {"y = QLinearMatMul(a:u8[3,4], as:p[]!, az:u8[]!, b:u8[4,5]!, bs:p[5]!, bz:u8[5]!, "
     "ys:p[]={99.0}!, yz:u8[]!)",
     "a[a,b] as[] az[] b[b,c] bs[c] bz[c] ys[] yz[] -> y[a,c]"},
    {"y = com.microsoft.QGemm(a:u8[3,4], as:p[]!, az:u8[]!, b:u8[5,4]!, bs:p[5]!, bz:u8[5]!, "
     "c:i32[5]={90000,-60000,30000,10000,50000}!, ys:p[]={99.0}!, yz:u8[]!) transB=1 alpha=1.0",
     "a[a,b] as[] az[] b[c,b] bs[c] bz[c] c[c] ys[] yz[] -> y[a,c]"},
    {"y = com.microsoft.QLinearSigmoid(x:u8[3,6], as:p[]={0.05}!, az:u8[]={128}!, ys:p[]={0.01}!, "
     "yz:u8[]={0}!)",
     "x[a,b] as[] az[] ys[] yz[] -> y[a,b]"},
    {"y = com.microsoft.QLinearLeakyRelu(x:u8[3,6], as:p[]!, az:u8[]!, ys:p[]!, yz:u8[]!) "
     "alpha=0.1",
     "x[a,b] as[] az[] ys[] yz[] -> y[a,b]"},
    {"y = com.microsoft.QLinearSoftmax(x:u8[2,3,6], as:p[]!, az:u8[]!, ys:p[]!, yz:u8[]!) "
     "axis=-1 opset=13",
     "x[a,b,c] as[] az[] ys[] yz[] -> y[a,b,c]"},
    {"y = com.microsoft.QLinearSoftmax(x:u8[2,3,6], as:p[]!, az:u8[]!, ys:p[]!, yz:u8[]!) "
     "axis=1 opset=12",
     "x[a,b,c] as[] az[] ys[] yz[] -> y[a,b,c]"},
    {"y = com.microsoft.QLinearAdd(a:u8[3,4], as:p[]!, az:u8[]!, b:u8[4]!, bs:p[]!, bz:u8[]!, "
     "ys:p[]!, yz:u8[]!)",
     "a[a,b] as[] az[] b[b] bs[] bz[] ys[] yz[] -> y[a,b]"},
    {"y = com.microsoft.QLinearMul(a:u8[3,4], as:p[]!, az:u8[]!, b:u8[4]!, bs:p[]!, bz:u8[]!, "
     "ys:p[]={99.0}!, yz:u8[]!)",
     "a[a,b] as[] az[] b[b] bs[] bz[] ys[] yz[] -> y[a,b]"},
    {"y = com.microsoft.MulInteger(a:u8[3,4], az:u8[]!, b:u8[4], bz:u8[]!)",
     "a[a,b] az[] b[b] bz[] -> y[a,b]"},
    {"y = com.microsoft.QLinearWhere(p:b[3,4], a:u8[3,4], as:p[]!, az:u8[]!, b:u8[1,4], "
     "bs:p[]!, bz:u8[]!, ys:p[]!, yz:u8[]!)",
     "p[a,b] a[a,b] as[] az[] b[1,b] bs[] bz[] ys[] yz[] -> y[a,b]"},
    {"y = com.microsoft.QLinearConcat(ys:p[]!, yz:u8[]!, a:u8[3,4], as:p[]!, az:u8[]!, "
     "b:u8[3,2], bs:p[]!, bz:u8[]!) axis=1",
     "ys[] yz[] a[a,b] as[] az[] b[a,c] bs[] bz[] -> y[a,b+c]"},
    {"y = com.microsoft.QLinearReduceMean(x:u8[3,4,5], as:p[]!, az:u8[]!, ys:p[]!, yz:u8[]!) "
     "axes=[1] keepdims=0",
     "x[a,b,c] as[] az[] ys[] yz[] -> y[a,c]"},
    {"y = com.microsoft.ReduceSumInteger(x:u8[3,4,5]) axes=[2] keepdims=1", "x[a,b,c] -> y[a,b,1]"},
};

}  // namespace

std::span<const OpCase> quantisation_cases() { return kCases; }

}  // namespace permcrypt::testing
