// Recurrent networks: see rules/recurrent.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y, h, c = LSTM(x:f[4,3,5], w:f[1,24,5]!, r:f[1,24,6]!, b:f[1,48]!, _, h0:f[1,3,6], "
     "c0:f[1,3,6]) hidden_size=6",
     "x[!4,a,b] w[1,c+c+c+c,b] r[1,c+c+c+c,c] b[1,c+c+c+c+c+c+c+c] h0[1,a,c] c0[1,a,c] -> "
     "y[!4,1,a,c] h[1,a,c] c[1,a,c]"},
    {"y, h, c = LSTM(x:f[4,3,5], w:f[2,24,5]!, r:f[2,24,6]!, b:f[2,48]!, _, h0:f[2,3,6], "
     "c0:f[2,3,6]) hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,c+c+c+c,b] r[!2,c+c+c+c,c] b[!2,c+c+c+c+c+c+c+c] h0[!2,a,c] c0[!2,a,c] -> "
     "y[!4,!2,a,c] h[!2,a,c] c[!2,a,c]"},
    {"y, h, c = LSTM(x:f[3,4,5], w:f[1,24,5]!, r:f[1,24,6]!, b:f[1,48]!, _, h0:f[3,1,6], "
     "c0:f[3,1,6]) hidden_size=6 layout=1",
     "x[a,!4,b] w[1,c+c+c+c,b] r[1,c+c+c+c,c] b[1,c+c+c+c+c+c+c+c] h0[a,1,c] c0[a,1,c] -> "
     "y[a,!4,1,c] h[a,1,c] c[a,1,c]",
     17, Kernel::kNowhere},
    {"y, h = GRU(x:f[4,3,5], w:f[1,18,5]!, r:f[1,18,6]!, b:f[1,36]!, _, h0:f[1,3,6]) "
     "hidden_size=6",
     "x[!4,a,b] w[1,c+c+c,b] r[1,c+c+c,c] b[1,c+c+c+c+c+c] h0[1,a,c] -> y[!4,1,a,c] h[1,a,c]"},
    {"y, h = GRU(x:f[4,3,5], w:f[2,18,5]!, r:f[2,18,6]!, b:f[2,36]!, _, h0:f[2,3,6]) "
     "hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,c+c+c,b] r[!2,c+c+c,c] b[!2,c+c+c+c+c+c] h0[!2,a,c] -> y[!4,!2,a,c] "
     "h[!2,a,c]"},
    {"y, h = GRU(x:f[3,4,5], w:f[1,18,5]!, r:f[1,18,6]!, b:f[1,36]!, _, h0:f[3,1,6]) "
     "hidden_size=6 layout=1",
     "x[a,!4,b] w[1,c+c+c,b] r[1,c+c+c,c] b[1,c+c+c+c+c+c] h0[a,1,c] -> y[a,!4,1,c] h[a,1,c]", 17,
     Kernel::kNowhere},
    {"y, h = RNN(x:f[4,3,5], w:f[1,6,5]!, r:f[1,6,6]!, b:f[1,12]!, _, h0:f[1,3,6]) hidden_size=6",
     "x[!4,a,b] w[1,c,b] r[1,c,c] b[1,c+c] h0[1,a,c] -> y[!4,1,a,c] h[1,a,c]"},
    {"y, h = RNN(x:f[4,3,5], w:f[2,6,5]!, r:f[2,6,6]!, b:f[2,12]!, _, h0:f[2,3,6]) "
     "hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,c,b] r[!2,c,c] b[!2,c+c] h0[!2,a,c] -> y[!4,!2,a,c] h[!2,a,c]"},
    {"y, h = RNN(x:f[3,4,5], w:f[1,6,5]!, r:f[1,6,6]!, b:f[1,12]!, _, h0:f[3,1,6]) "
     "hidden_size=6 layout=1",
     "x[a,!4,b] w[1,c,b] r[1,c,c] b[1,c+c] h0[a,1,c] -> y[a,!4,1,c] h[a,1,c]", 17,
     Kernel::kNowhere},
    {"y, h, c = LSTM(x:f[4,3,5], w:f[2,24,5]!, r:f[2,24,6]!, b:f[2,48]!, l:i32[3]={4,2,3}, "
     "h0:f[2,3,6], c0:f[2,3,6], p:f[2,18]!) hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,c+c+c+c,b] r[!2,c+c+c+c,c] b[!2,c+c+c+c+c+c+c+c] l[a] h0[!2,a,c] "
     "c0[!2,a,c] p[!2,c+c+c] -> y[!4,!2,a,c] h[!2,a,c] c[!2,a,c]"},
    {"y, h = GRU(x:f[4,3,5], w:f[1,18,5]!, r:f[1,18,6]!, b:f[1,36]!, l:i32[3]={4,2,3}, "
     "h0:f[1,3,6]) hidden_size=6 linear_before_reset=1",
     "x[!4,a,b] w[1,c+c+c,b] r[1,c+c+c,c] b[1,c+c+c+c+c+c] l[a] h0[1,a,c] -> y[!4,1,a,c] "
     "h[1,a,c]"},
    {"y, h, c = com.microsoft.DynamicQuantizeLSTM(x:f[4,3,5], w:i8[2,5,24]!, r:i8[2,6,24]!, "
     "b:f[2,48]!, _, _, _, _, ws:p[2]!, wz:i8[2]={0,0}!, rs:p[2]!, rz:i8[2]={0,0}!) "
     "hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,b,c+c+c+c] r[!2,c,c+c+c+c] b[!2,c+c+c+c+c+c+c+c] ws[!2] wz[!2] rs[!2] "
     "rz[!2] -> y[!4,!2,a,c] h[!2,a,c] c[!2,a,c]"},
    {"y, h, c = com.microsoft.DynamicQuantizeLSTM(x:f[4,3,5], w:i8[2,5,24]!, r:i8[2,6,24]!, "
     "b:f[2,48]!, _, _, _, _, ws:p[2,24]!, "
     "wz:i8[2,24]={0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
     ",0,0,0,0,0,0,0,0,0}!, rs:p[2,24]!, "
     "rz:i8[2,24]={0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
     ",0,0,0,0,0,0,0,0,0}!) hidden_size=6 direction=bidirectional",
     "x[!4,a,b] w[!2,b,c+c+c+c] r[!2,c,c+c+c+c] b[!2,c+c+c+c+c+c+c+c] ws[!2,c+c+c+c] "
     "wz[!2,c+c+c+c] rs[!2,c+c+c+c] rz[!2,c+c+c+c] -> y[!4,!2,a,c] h[!2,a,c] c[!2,a,c]"},
    {"y, s = com.microsoft.LinearAttention(q:f[2,5,12], k:f[2,5,12], v:f[2,5,8], s0:f[2,2,6,4]) "
     "q_num_heads=2 kv_num_heads=2 update_rule=linear",
     "q[a,!5,b*c] k[a,!5,b*c] v[a,!5,b*d] s0[a,b,c,d] -> y[a,!5,b*d] s[a,b,c,d]", 17,
     Kernel::kRecent},
    {"y, s = com.microsoft.LinearAttention(q:f[2,5,24], k:f[2,5,12], v:f[2,5,8], s0:f[2,2,6,4], "
     "d:f[2,5,12], b:p[2,5,2]) q_num_heads=4 kv_num_heads=2 update_rule=gated_delta",
     "q[a,!5,b*c*d] k[a,!5,b*d] v[a,!5,b*e] s0[a,b,d,e] d[a,!5,b*d] b[a,!5,b] -> y[a,!5,b*c*e] "
     "s[a,b,d,e]",
     17, Kernel::kRecent},
    {"y, s = com.microsoft.LinearAttention(q:f[2,5,12], k:f[2,5,12], v:f[2,5,8], _, d:f[2,5,2], "
     "b:p[2,5,1]) q_num_heads=2 kv_num_heads=2 update_rule=gated_delta",
     "q[a,!5,b*c] k[a,!5,b*c] v[a,!5,b*d] d[a,!5,b] b[a,!5,1] -> y[a,!5,b*d] s[a,b,c,d]", 17,
     Kernel::kRecent},
    {"y, s = LinearAttention(q:f[2,5,12], k:f[2,5,12], v:f[2,5,8], s0:f[2,2,6,4], d:f[2,5,2]) "
     "q_num_heads=2 kv_num_heads=2 update_rule=gated",
     "q[a,!5,b*c] k[a,!5,b*c] v[a,!5,b*d] s0[a,b,c,d] d[a,!5,b] -> y[a,!5,b*d] s[a,b,c,d]", 27,
     Kernel::kRecent},
    {"y, s = com.microsoft.CausalConvWithState(x:f[2,6,7], w:f[6,1,4]!, b:f[6]!, s0:f[2,6,3]) "
     "activation=silu",
     "x[a,b,!7] w[b,1,!4] b[b] s0[a,b,!3] -> y[a,b,!7] s[a,b,!3]", 17, Kernel::kRecent},
    {"y, s = com.microsoft.CausalConvWithState(x:f[2,6,7], w:f[6,1,4]!) dilation=2",
     "x[a,b,!7] w[b,1,!4] -> y[a,b,!7] s[a,b,!6]", 17, Kernel::kRecent},
    {"y, s = CausalConvWithState(x:f[2,6,7], w:f[6,1,4]!, b:f[6]!, s0:f[2,6,3])",
     "x[a,b,!7] w[b,1,!4] b[b] s0[a,b,!3] -> y[a,b,!7] s[a,b,!3]", 27, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> recurrent_cases() { return kCases; }

}  // namespace permcrypt::testing
