// Pools: see rules/pooling.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = AveragePool(x:f[2,6,8,8]) kernel_shape=[2,2] strides=[2,2]",
     "x[a,b,c*d,e*f] -> y[a,b,c,e]"},
    {"y = AveragePool(x:f[2,6,8,8]) kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",
     "x[a,b,!8,!8] -> y[a,b,!4,!4]"},
    {"y = LpPool(x:f[2,6,8,8]) kernel_shape=[2,2] strides=[2,2]", "x[a,b,c*d,e*f] -> y[a,b,c,e]"},
    {"y = LpPool(x:f[2,6,8,8]) kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",
     "x[a,b,!8,!8] -> y[a,b,!4,!4]"},
    {"y = MaxPool(x:f[2,6,8,8]) kernel_shape=[2,2] strides=[2,2]", "x[a,b,c*d,e*f] -> y[a,b,c,e]"},
    {"y = MaxPool(x:f[2,6,8,8]) kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",
     "x[a,b,!8,!8] -> y[a,b,!4,!4]"},
    {"y, i = MaxPool(x:f[2,6,8,8]) kernel_shape=[2,2] strides=[2,2]",
     "x[!2,!6,!4*!2,!4*!2] -> y[!2,!6,!4,!4] i[!2,!6,!4,!4]"},
    {"y = MaxPool(x:f[1,2,9,9]) kernel_shape=[2,2] strides=[2,2] ceil_mode=1",
     "x[1,a,!9,!9] -> y[1,a,!5,!5]"},
    {"y = AveragePool(x:f[1,2,9,9]) kernel_shape=[9,9]", "x[1,a,b,c] -> y[1,a,1,1]"},
    {"y = MaxUnpool(x:f[1,1,2,2], i:i64[1,1,2,2]={5,7,13,15}!) kernel_shape=[2,2] strides=[2,2]",
     "x[1,1,!2,!2] i[1,1,!2,!2] -> y[1,1,!4,!4]"},
    {"y = GlobalAveragePool(x:f[2,6,8,8])", "x[a,b,c,d] -> y[a,b,1,1]"},
    {"y = GlobalMaxPool(x:f[2,6,8,8])", "x[a,b,c,d] -> y[a,b,1,1]"},
    {"y = GlobalLpPool(x:f[2,6,8,8])", "x[a,b,c,d] -> y[a,b,1,1]"},
    {"y = com.microsoft.NhwcMaxPool(x:u8[1,8,8,6]) kernel_shape=[2,2] strides=[2,2]",
     "x[1,a*b,c*d,e] -> y[1,a,c,e]"},
    {"y = com.microsoft.QLinearAveragePool(x:u8[1,6,8,8], a:p[]!, b:u8[]!, c:p[]!, d:u8[]!) "
     "kernel_shape=[2,2] strides=[2,2]",
     "x[1,a,b*c,d*e] a[] b[] c[] d[] -> y[1,a,b,d]"},
    {"y = com.microsoft.QLinearGlobalAveragePool(x:u8[1,8,8,6], a:p[]!, b:u8[]!, c:p[]!, "
     "d:u8[]!) channels_last=1",
     "x[1,a,b,c] a[] b[] c[] d[] -> y[1,1,1,c]"},
    {"y = RoiAlign(x:f[3,4,8,8], r:f[2,4]={0,0,4,4,1,1,6,5}, b:i64[2]={2,0}!) output_height=2 "
     "output_width=3",
     "x[!3,a,!8,!8] r[b,!4] b[b] -> y[b,a,!2,!3]", 16},
    {"y = MaxRoiPool(x:f[3,4,8,8], r:f[2,5]={0,0,0,4,4,2,1,1,6,5}) pooled_shape=[2,3]",
     "x[!3,a,!8,!8] r[b,!5] -> y[b,a,!2,!3]"},
    {"y = com.microsoft.nchwc.Conv(x:f[1,16,6,6], w:f[16,16,3,3]!, b:f[16]!) pads=[1,1,1,1]",
     "x[1,!16,!6,!6] w[!16,!16,!3,!3] b[!16] -> y[1,!16,!6,!6]", 17, Kernel::kRecent},
    {"y = com.microsoft.nchwc.MaxPool(x:f[1,16,6,6]) kernel_shape=[2,2] strides=[2,2]",
     "x[1,!16,!3*!2,!3*!2] -> y[1,!16,!3,!3]", 17, Kernel::kRecent},
    {"y = com.microsoft.nchwc.AveragePool(x:f[1,16,6,6]) kernel_shape=[2,2] strides=[2,2]",
     "x[1,!16,!3*!2,!3*!2] -> y[1,!16,!3,!3]", 17, Kernel::kRecent},
    {"y = com.microsoft.nchwc.GlobalMaxPool(x:f[1,16,6,6])", "x[1,!16,!6,!6] -> y[1,!16,1,1]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.nchwc.GlobalAveragePool(x:f[1,16,6,6])", "x[1,!16,!6,!6] -> y[1,!16,1,1]",
     17, Kernel::kRecent},
    {"y = com.microsoft.nchwc.ReorderInput(x:f[1,32,6,6])", "x[1,!32,!6,!6] -> y[1,!32,!6,!6]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.nchwc.ReorderOutput(x:f[1,32,6,6]) channels=20",
     "x[1,!32,!6,!6] -> y[1,!20,!6,!6]", 17, Kernel::kRecent},
    {"y = com.microsoft.nchwc.Upsample(x:f[1,16,6,6]) scales=[1,1,2,2]",
     "x[1,!16,!6,!6] -> y[1,!16,!6*!2,!6*!2]", 17, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> pooling_cases() { return kCases; }

}  // namespace permcrypt::testing
