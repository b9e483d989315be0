// Packed weights, quantised in blocks: see rules/block_weights.cpp and packed_views.h.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,8]!, s:p[6,4]!) K=64 N=6 bits=4 "
     "block_size=16",
     "a[a,b*c] b[d,b*c] s[d,b] -> y[a,d]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,48], b:u8[6,3,8]!, s:p[6,3]!, z:u8[6,2]!) K=48 N=6 "
     "bits=4 block_size=16",
     "a[a,b*c] b[d,b*c] s[d,b] z[d,b] -> y[a,d]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,40], b:u8[6,3,8]!, s:p[6,3]!, z:u8[6,2]!) K=40 N=6 "
     "bits=4 block_size=16",
     "a[a,b*c+d] b[e,b*c+d] s[e,b+1] z[e,b+1] -> y[a,e]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,40], b:u8[6,3,16]!, s:p[6,3]!, z:u8[6,3]!) K=40 N=6 "
     "bits=8 block_size=16",
     "a[a,b*c+d] b[e,b*c+d] s[e,b+1] z[e,b+1] -> y[a,e]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,8]!, s:p[6,4]!, z:f[6,4]!) K=64 N=6 "
     "bits=4 block_size=16",
     "a[a,b*c] b[d,b*c] s[d,b] z[d,b] -> y[a,d]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,10], b:u8[6,1,8]!, s:p[6,1]!) K=10 N=6 bits=4 "
     "block_size=16",
     "a[a,b] b[c,b] s[c,1] -> y[a,c]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,8]!, s:p[6,4]!, z:u8[6,2]!, _, c:f[6]!) "
     "K=64 N=6 bits=4 block_size=16",
     "a[a,b*c] b[d,b*c] s[d,b] z[d,b] c[d] -> y[a,d]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,4]!, s:p[6,4]!) K=64 N=6 bits=2 "
     "block_size=16",
     "a[a,b*c*!4] b[d,b*c] s[d,b] -> y[a,d]", 17, Kernel::kRecent},
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,4]!, s:p[6,4]!, z:u8[6]!) K=64 N=6 bits=2 "
     "block_size=16",
     "a[a,!4*b*!4] b[c,!4*b] s[c,!4] z[c,1] -> y[a,c]", 17, Kernel::kRecent},
    {"y = com.microsoft.MatMulNBits(a:f[3,80], b:u8[6,5,4]!, s:p[6,5]!, z:u8[6,2]!) K=80 N=6 bits=2 "
     "block_size=16",
     "a[a,!5*b*!4] b[c,!5*b] s[c,!5] z[c,!2] -> y[a,c]", 17, Kernel::kRecent},
    {"y = com.microsoft.MatMulNBits(a:f[3,40], b:u8[6,3,8]!, s:p[18]!, z:u8[12]!) K=40 N=6 "
     "bits=4 block_size=16",
     "a[a,b*c+d] b[e,b*c+d] s[e,b+1] z[e,b+1] -> y[a,e]"},
    {"y = com.microsoft.MatMulNBits(a:f[3,64], b:u8[6,4,8]!, s:p[6,4]!, z:u8[6,2]!, "
     "g:i32[64]={0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,2,2,2,2,2,2,2"
     ",2,2,2,2,2,2,2,2,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3}!) K=64 N=6 bits=4 block_size=16",
     "a[a,!4*!16] b[b,!4*!16] s[b,!4] z[b,!4] g[!64] -> y[a,b]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,64], b:u8[192]!, s:p[24]!) K=64 N=6 block_size=16 "
     "quant_type=1",
     "a[a,b*c*!2] b[d,b*c] s[d,b] -> y[a,d]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,16], b:u8[64]!, s:p[2]!) K=16 N=8 block_size=64 "
     "quant_type=1",
     "a[a,b*!2] b[c*d,b] s[c] -> y[a,c*d]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,48], b:u8[384]!, s:p[24]!) K=48 N=16 block_size=32 "
     "quant_type=1",
     "a[a,!3*b*!2] b[c*!2,!3*b] s[c*!3] -> y[a,c*!2]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,16], b:u8[56]!, s:p[2]!) K=16 N=7 block_size=64 "
     "quant_type=1",
     "a[a,b*!2] b[!7,b] s[!2] -> y[a,!7]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,24], b:u8[60]!, s:p[8]!) K=24 N=5 block_size=16 "
     "quant_type=1",
     "a[a,!3*b*!2] b[!5,!3*b] s[!8] -> y[a,!5]"},
    {"y = com.microsoft.MatMulBnb4(a:f[3,64], b:u8[192]!, s:p[6]!) K=64 N=6 block_size=64 "
     "quant_type=1",
     "a[a,b*!2] b[c,b] s[c,1] -> y[a,c]"},
    {"y = com.microsoft.GatherBlockQuantized(t:u4[10,32]!, ids:i64<10[2,3], s:p[10,2]!, "
     "z:u4[10,2]!) block_size=16 gather_axis=0 quantize_axis=1",
     "t[a,b*c] ids[d,e]=a s[a,b] z[a,b] -> y[d,e,b*c]"},
    {"y = com.microsoft.GatherBlockQuantized(t:u4[10,40]!, ids:i64<10[2,3], s:p[10,3]!) "
     "block_size=16 gather_axis=0 quantize_axis=1",
     "t[a,b*c+d] ids[e,f]=a s[a,b+1] -> y[e,f,b*c+d]"},
    {"y = com.microsoft.GatherBlockQuantized(t:u8[10,24]!, ids:i64<10[2,3], s:p[10,3]!, "
     "z:u8[10,2]!) block_size=16 gather_axis=0 quantize_axis=1 bits=4",
     "t[a,b*c] ids[d,e]=a s[a,b] z[a,b] -> y[d,e,b*c]", 17, Kernel::kRecent},
    {"y = com.microsoft.GatherBlockQuantized(t:u8[10,32]!, ids:i64<10[2,3], s:p[10,2]!, "
     "z:u8[10,2]!) block_size=16 gather_axis=0 quantize_axis=1 bits=8",
     "t[a,b*c] ids[d,e]=a s[a,b] z[a,b] -> y[d,e,b*c]", 17, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> block_weight_cases() { return kCases; }

}  // namespace permcrypt::testing
