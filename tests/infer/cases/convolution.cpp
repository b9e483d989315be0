// Convolutions: see rules/convolution.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Conv(x:f[2,6,8,8], w:f[10,6,3,3]!, b:f[10]!) pads=[1,1,1,1]",
     "x[a,b,!8,!8] w[c,b,!3,!3] b[c] -> y[a,c,!8,!8]"},
    {"y = Conv(x:f[2,6,8,8], w:f[10,3,2,2]!, b:f[10]!) group=2 strides=[2,2]",
     "x[a,b*c,d*e,f*g] w[b*h,c,e,g] b[b*h] -> y[a,b*h,d,f]"},
    {"y = Conv(x:f[2,6,8,8], w:f[12,1,3,3]!) group=6",
     "x[a,b,!8,!8] w[b*c,1,!3,!3] -> y[a,b*c,!6,!6]"},
    {"y = Conv(x:f[2,6,8,8], w:f[5,6,8,8]!)", "x[a,b,c,d] w[e,b,c,d] -> y[a,e,1,1]"},
    {"y = Conv(x:f[2,6,8,8], w:f[5,6,1,1]!) strides=[2,2]",
     "x[a,b,c*(1+1),d*(1+1)] w[e,b,1,1] -> y[a,e,c,d]"},
    {"y = Conv(x:f[2,6,8,8], w:f[5,6,2,3]!) strides=[4,4]",
     "x[a,b,c*(d+e),f*(g+1)] w[h,b,d,g] -> y[a,h,c,f]"},
    {"y = Conv(x:f[2,6,8,8], w:f[5,6,3,3]!) strides=[2,2] auto_pad=SAME_UPPER",
     "x[a,b,!8,!8] w[c,b,!3,!3] -> y[a,c,!4,!4]"},
    {"y = Conv(x:f[2,6,8,8], w:f[5,6,2,2]!) dilations=[2,2] strides=[4,4]",
     "x[a,b,!8,!8] w[c,b,!2,!2] -> y[a,c,!2,!2]"},
    {"y = com.microsoft.FusedConv(x:f[2,6,8,8], w:f[10,6,3,3]!, b:f[10]!, z:f[2,10,8,8]) "
     "pads=[1,1,1,1] activation=Relu",
     "x[a,b,!8,!8] w[c,b,!3,!3] b[c] z[a,c,!8,!8] -> y[a,c,!8,!8]"},
    {"y = com.microsoft.NhwcConv(x:f[1,6,6,4], w:f[8,4,3,3]!, b:f[8]!)",
     "x[1,!6,!6,a] w[b,a,!3,!3] b[b] -> y[1,!4,!4,b]"},
    {"y = com.microsoft.NhwcConv(x:f[1,6,6,4], w:f[8,3,3,4]!, b:f[8]!)",
     "x[1,!6,!6,a] w[b,!3,!3,a] b[b] -> y[1,!4,!4,b]"},
    {"y = com.microsoft.NhwcFusedConv(x:f[1,6,6,4], w:f[8,4,3,3]!, b:f[8]!, z:f[1,6,6,8]) "
     "pads=[1,1,1,1]",
     "x[1,!6,!6,a] w[b,a,!3,!3] b[b] z[1,!6,!6,b] -> y[1,!6,!6,b]"},
    {"y = ConvInteger(x:u8[1,3,6,6], w:u8[4,3,2,2]!, xz:u8[]!)",
     "x[1,a,!6,!6] w[b,a,!2,!2] xz[] -> y[1,b,!5,!5]"},
    {"y = ConvInteger(x:u8[1,3,6,6], w:u8[4,3,2,2]!, xz:u8[]!, wz:u8[4]!)",
     "x[1,a,!6,!6] w[b,a,!2,!2] xz[] wz[b] -> y[1,b,!5,!5]", 17, Kernel::kNowhere},
    {"y = QLinearConv(x:u8[1,4,6,6], xs:p[]!, xz:u8[]!, w:i8[6,2,2,2]!, ws:p[6]!, "
     "wz:i8[6]={0,0,0,0,0,0}!, ys:p[]={20.0}!, yz:u8[]!, b:i32[6]!) group=2 strides=[2,2]",
     "x[1,a*b,c*d,e*f] xs[] xz[] w[a*g,b,d,f] ws[a*g] wz[a*g] ys[] yz[] b[a*g] -> y[1,a*g,c,e]"},
    {"y = com.microsoft.QLinearConv(x:u8[1,6,6,4], xs:p[]!, xz:u8[]!, w:i8[6,4,3,3]!, ws:p[6]!, "
     "wz:i8[6]={0,0,0,0,0,0}!, ys:p[]={20.0}!, yz:u8[]!) channels_last=1",
     "x[1,!6,!6,a] xs[] xz[] w[b,a,!3,!3] ws[b] wz[b] ys[] yz[] -> y[1,!4,!4,b]"},
    {"y = ConvTranspose(x:f[2,6,8,8], w:f[6,5,2,2]!, b:f[5]!) strides=[2,2]",
     "x[a,b,c,d] w[b,e,f,g] b[e] -> y[a,e,c*f,d*g]"},
    {"y = ConvTranspose(x:f[2,6,8,8], w:f[6,5,2,2]!, b:f[15]!) strides=[2,2] group=3",
     "x[a,b*c,d,e] w[b*c,f,g,h] b[b*f] -> y[a,b*f,d*g,e*h]"},
    {"y = ConvTranspose(x:f[2,6,8,8], w:f[6,5,3,3]!) strides=[2,2] output_padding=[1,1] "
     "pads=[1,1,1,1]",
     "x[a,b,!8,!8] w[b,c,!3,!3] -> y[a,c,!16,!16]"},
    {"y = ConvTranspose(x:f[2,6,8,8], w:f[6,5,3,3]!) strides=[2,2] output_shape=[16,16]",
     "x[a,b,!8,!8] w[b,c,!3,!3] -> y[a,c,!16,!16]"},
    {"y = DeformConv(x:f[1,4,5,5], w:f[6,2,2,2]!, o:f[1,16,4,4], b:f[6]!, m:f[1,8,4,4]) group=2 "
     "offset_group=2 kernel_shape=[2,2]",
     "x[1,!2*a,!5,!5] w[!2*b,a,!2,!2] o[1,!16,!4,!4] b[!2*b] m[1,!8,!4,!4] -> y[1,!2*b,!4,!4]", 22,
     Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> convolution_cases() { return kCases; }

}  // namespace permcrypt::testing
