// Attention: see rules/attention*.cpp and rules/heads.h.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y, pk, pv, qk = Attention(q:f[2,4,5,6], k:f[2,2,7,6], v:f[2,2,7,3])",
     "q[a,b*c,d,e] k[a,b,f,e] v[a,b,f,g] -> y[a,b*c,d,g] pk[a,b,f,e] pv[a,b,f,g] qk[a,b*c,d,f]", 23,
     Kernel::kRecent},
    {"y = Attention(q:f[2,5,24], k:f[2,7,12], v:f[2,7,6], m:f[5,7]) q_num_heads=4 kv_num_heads=2",
     "q[a,b,c*d*e] k[a,f,c*e] v[a,f,c*g] m[b,f] -> y[a,b,c*d*g]", 23, Kernel::kRecent},
    {"y = Attention(q:f[2,5,24], k:f[2,5,12], v:f[2,5,6]) q_num_heads=4 kv_num_heads=2 "
     "is_causal=1",
     "q[a,!5,b*c*d] k[a,!5,b*d] v[a,!5,b*e] -> y[a,!5,b*c*e]", 23, Kernel::kRecent},
    {"y, nk, nv, qk = Attention(q:f[2,4,5,6], k:f[2,2,5,6], v:f[2,2,5,3], m:f[2,1,5,8], "
     "pk:f[2,2,3,6], pv:f[2,2,3,3])",
     "q[a,b*c,d,e] k[a,b,!5,e] v[a,b,!5,f] m[a,1,d,!8] pk[a,b,!3,e] pv[a,b,!3,f] -> "
     "y[a,b*c,d,f] nk[a,b,!8,e] nv[a,b,!8,f] qk[a,b*c,d,!8]",
     23, Kernel::kRecent},
    {"y = Attention(q:f[2,4,5,6], k:f[2,4,5,6], v:f[2,4,5,3], m:b[1,4,5,5])",
     "q[a,b,c,d] k[a,b,e,d] v[a,b,e,f] m[1,b,c,e] -> y[a,b,c,f]", 23, Kernel::kRecent},
    {"y = RotaryEmbedding(x:f[2,4,5,6], cos:f[9,3], sin:f[9,3], p:i64<9[2,5]) interleaved=0",
     "x[a,b,c,d+d] cos[e,d] sin[e,d] p[a,c]=e -> y[a,b,c,d+d]", 23, Kernel::kRecent},
    {"y = com.microsoft.RotaryEmbedding(x:f[2,5,24], p:i64<9[2,5], cos:f[9,3], sin:f[9,3]) "
     "interleaved=0",
     "x[a,b,c*(d+d)] p[a,b]=e cos[e,d] sin[e,d] -> y[a,b,c*(d+d)]"},
    {"y = RotaryEmbedding(x:f[2,4,5,6], cos:f[9,3], sin:f[9,3], p:i64<9[2,5]) interleaved=1",
     "x[a,b,c,d*!2] cos[e,d] sin[e,d] p[a,c]=e -> y[a,b,c,d*!2]", 23, Kernel::kRecent},
    {"y = com.microsoft.RotaryEmbedding(x:f[2,5,24], p:i64<9[2,5], cos:f[9,3], sin:f[9,3]) "
     "interleaved=1",
     "x[a,b,c*d*!2] p[a,b]=e cos[e,d] sin[e,d] -> y[a,b,c*d*!2]"},
    {"y = RotaryEmbedding(x:f[2,5,24], cos:f[9,3], sin:f[9,3], p:i64<9[2,5]) num_heads=4",
     "x[a,b,c*(d+d)] cos[e,d] sin[e,d] p[a,b]=e -> y[a,b,c*(d+d)]", 23, Kernel::kRecent},
    {"y = RotaryEmbedding(x:f[2,4,5,6], cos:f[2,5,3], sin:f[2,5,3])",
     "x[a,b,c,d+d] cos[a,c,d] sin[a,c,d] -> y[a,b,c,d+d]", 23, Kernel::kRecent},
    {"y = com.microsoft.RotaryEmbedding(x:f[2,5,24], p:i64<9[2,5], cos:f[9,2], sin:f[9,2]) "
     "num_heads=4 rotary_embedding_dim=4",
     "x[a,b,c*(d+d+e)] p[a,b]=f cos[f,d] sin[f,d] -> y[a,b,c*(d+d+e)]"},
    {"y = com.microsoft.RotaryEmbedding(x:f[2,5,24], p:i64[1]={2}, cos:f[9,3], sin:f[9,3])",
     "x[a,!5,b*(c+c)] p[1] cos[!9,c] sin[!9,c] -> y[a,!5,b*(c+c)]"},
    {"y = com.microsoft.Attention(x:f[2,5,10], w:f[10,60]!, b:f[60]!) num_heads=4 "
     "qkv_hidden_sizes=[24,24,12]",
     "x[a,b,c] w[c,d*e+d*e+d*f] b[d*e+d*e+d*f] -> y[a,b,d*f]"},
    {"y = com.microsoft.Attention(x:f[2,5,10], w:f[10,72]!, b:f[72]!, _, _, s:f[2,4,5,5]) "
     "num_heads=4",
     "x[a,b,c] w[c,d*e+d*e+d*f] b[d*e+d*e+d*f] s[a,d,b,b] -> y[a,b,d*f]"},
    {"y = com.microsoft.Attention(x:f[2,5,10], w:f[10,72]!, b:f[72]!, "
     "m:i32[2,5]={1,1,1,1,1,1,1,1,0,0}) num_heads=4",
     "x[!2,!5,a] w[a,b*c+b*c+b*d] b[b*c+b*c+b*d] m[!2,!5] -> y[!2,!5,b*d]"},
    {"y, n = com.microsoft.Attention(x:f[2,5,10], w:f[10,72]!, b:f[72]!, _, p:f[2,2,4,3,6]) "
     "num_heads=4 unidirectional=1",
     "x[a,!5,b] w[b,c*d+c*d+c*d] b[c*d+c*d+c*d] p[!2,a,c,!3,d] -> y[a,!5,c*d] n[!2,a,c,!8,d]"},
    {"y, n = com.microsoft.Attention(x:f[2,5,10], w:f[10,72]!, b:f[72]!) num_heads=4",
     "x[a,b,c] w[c,d*e+d*e+d*e] b[d*e+d*e+d*e] -> y[a,b,d*e] n[!2,a,d,b,e]"},
    {"y = com.microsoft.QAttention(x:u8[2,5,10], w:i8[10,72]!, b:f[72]!, xs:p[]={0.1}!, "
     "ws:p[72]!, _, xz:u8[]!, "
     "wz:i8[72]={0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
     ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}!) num_heads=4",
     "x[a,b,c] w[c,d*e+d*e+d*f] b[d*e+d*e+d*f] xs[] ws[d*e+d*e+d*f] xz[] wz[d*e+d*e+d*f] -> "
     "y[a,b,d*f]"},
    {"y, n = com.microsoft.QAttention(x:u8[2,5,10], w:i8[10,72]!, b:f[72]!, xs:p[]={0.01}!, "
     "ws:p[]={0.01}!, m:i32[2]={5,3}, xz:u8[]!, wz:i8[]={0}!, p:f[2,2,4,3,6]) num_heads=4 "
     "unidirectional=1",
     "x[!2,!5,a] w[a,b*c+b*c+b*c] b[b*c+b*c+b*c] xs[] ws[] m[!2] xz[] wz[] p[!2,!2,b,!3,c] -> "
     "y[!2,!5,b*c] n[!2,!2,b,!8,c]"},
    {"y, n = com.microsoft.DecoderMaskedSelfAttention(x:f[2,1,10], w:f[10,72]!, b:f[72]!, _, "
     "p:f[2,2,4,8,6], _, l:i32[1]={3}!) num_heads=4 past_present_share_buffer=1",
     "x[a,1,b] w[b,c*!6+c*!6+c*!6] b[c*!6+c*!6+c*!6] p[!2,a,c,!8,!6] l[1] -> y[a,1,c*!6] "
     "n[!2,a,c,!8,!6]"},
    {"y = com.microsoft.PackedAttention(x:f[7,10], w:f[10,72]!, b:f[72]!, o:i32[2,5], l:i32[3]) "
     "num_heads=4",
     "x[!7,a] w[a,b*c+b*c+b*d] b[b*c+b*c+b*d] o[!2,!5] l[!3] -> y[!7,b*d]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,7,24], v:f[2,7,12], b:f[60]!) "
     "num_heads=4",
     "q[a,b,c*d] k[a,e,c*d] v[a,e,c*f] b[c*d+c*d+c*f] -> y[a,b,c*f]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,7,24], v:f[2,7,12], _, "
     "m:i32[2,7]={1,1,1,1,1,1,1,1,1,1,0,0,0,0}, s:f[1,4,5,7]) num_heads=4",
     "q[!2,!5,a*b] k[!2,!7,a*b] v[!2,!7,a*c] m[!2,!7] s[1,a,!5,!7] -> y[!2,!5,a*c]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,4,7,6], v:f[2,4,7,6]) num_heads=4",
     "q[a,b,c*d] k[a,c,e,d] v[a,c,e,f] -> y[a,b,c*f]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,4,3,6]) num_heads=4",
     "q[a,b,c,!3,d] -> y[a,b,c*d]", 17, Kernel::kNowhere},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,7,4,2,6]) num_heads=4",
     "q[a,b,c*d] k[a,e,c,!2,d] -> y[a,b,c*d]", 17, Kernel::kNowhere},
    {"y, nk, nv = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,5,24], v:f[2,5,24], _, _, "
     "s:f[1,1,5,8], pk:f[2,4,3,6], pv:f[2,4,3,6]) num_heads=4",
     "q[a,b,c*d] k[a,!5,c*d] v[a,!5,c*e] s[1,1,b,!8] pk[a,c,!3,d] pv[a,c,!3,e] -> y[a,b,c*e] "
     "nk[a,c,!8,d] nv[a,c,!8,e]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,5,24], k:f[2,5,24], v:f[2,5,24]) num_heads=4 "
     "unidirectional=1",
     "q[a,!5,b*c] k[a,!5,b*c] v[a,!5,b*d] -> y[a,!5,b*d]"},
    {"y = com.microsoft.MultiHeadAttention(q:f[2,1,24], k:f[2,1,24], v:f[2,1,24], _, _, _, "
     "pk:f[2,4,8,6], pv:f[2,4,8,6], l:i32[1]={3}!) num_heads=4",
     "q[a,1,b*!6] k[a,1,b*!6] v[a,1,b*c] pk[a,b,!8,!6] pv[a,b,!8,c] l[1] -> y[a,1,b*c]", 17,
     Kernel::kRecent},
    {"y, nk, nv = com.microsoft.DecoderMaskedMultiHeadAttention(q:f[2,1,24], k:f[2,1,24], "
     "v:f[2,1,24], _, _, pk:f[2,4,8,6], pv:f[2,4,8,6], l:i32[1]={3}!, w:i32[1]={1}!, _, "
     "b:f[72]!) num_heads=4 past_present_share_buffer=1",
     "q[!2,1,a*!6] k[!2,1,a*!6] v[!2,1,a*b] pk[!2,a,!8,!6] pv[!2,a,!8,b] l[1] w[1] "
     "b[a*!6+a*!6+a*b] -> y[!2,1,a*b] nk[!2,a,!8,!6] nv[!2,a,!8,b]",
     17, Kernel::kRecent},
    {"y = com.microsoft.DecoderMaskedMultiHeadAttention(q:f[2,1,24], k:f[2,4,7,6], "
     "v:f[2,4,7,6]) num_heads=4",
     "q[a,1,b*c] k[a,b,d,c] v[a,b,d,e] -> y[a,1,b*e]", 17, Kernel::kRecent},
    {"y = com.microsoft.PackedMultiHeadAttention(q:f[7,24], k:f[7,24], v:f[7,12], b:f[60]!, "
     "o:i32[2,5], l:i32[3]) num_heads=4",
     "q[!7,a*b] k[!7,a*b] v[!7,a*c] b[a*b+a*b+a*c] o[!2,!5] l[!3] -> y[!7,a*c]"},
    {"y = com.microsoft.PackedMultiHeadAttention(q:f[7,4,3,6], _, _, _, o:i32[2,5], l:i32[3]) "
     "num_heads=4",
     "q[!7,a,!3,b] o[!2,!5] l[!3] -> y[!7,a*b]"},
    {"y, nk, nv = com.microsoft.DecoderAttention(q:f[5,2,24], k:f[7,2,20], wq:f[24,24]!, "
     "wk:f[20,48]!, b:f[72]!, m:b[2,7], pk:f[2,4,3,6], pv:f[2,4,3,6], f:b[], g:b[], h:b[], "
     "i:b[]) num_heads=4",
     "q[!5,!2,a] k[!7,!2,b] wq[a,c*d] wk[b,c*d+c*e] b[c*d+c*d+c*e] m[!2,!7] pk[!2,c,!3,d] "
     "pv[!2,c,!3,e] f[] g[] h[] i[] -> y[!5,!2,c*e] nk[!2,c,?,d] nv[!2,c,?,e]"},
    {"y = com.microsoft.LongformerAttention(x:f[2,8,24], w:f[24,72]!, b:f[72]!, m:f[2,8], "
     "gw:f[24,72]!, gb:f[72]!, g:i32[2,8]) num_heads=4 window=2",
     "x[!2,!8,!24] w[!24,!72] b[!72] m[!2,!8] gw[!24,!72] gb[!72] g[!2,!8] -> y[..]"},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,64], k:f[2,5,32], v:f[2,5,32], _, "
     "_, l:i32[2]={4,4}!, t:i32[]={5}!) num_heads=4 kv_num_heads=2",
     "q[!2,!5,a*b*c] k[!2,!5,a*c] v[!2,!5,a*d] l[!2] t[] -> y[!2,!5,a*b*d] nk[!2,a,!5,c] "
     "nv[!2,a,!5,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,128], _, _, _, _, l:i32[2]={4,4}!, "
     "t:i32[]={5}!, cos:f[16,8], sin:f[16,8]) num_heads=4 kv_num_heads=2 do_rotary=1",
     "q[!2,!5,a*b*(c+c)+a*(c+c)+a*d] l[!2] t[] cos[!16,c] sin[!16,c] -> y[!2,!5,a*b*d] "
     "nk[!2,a,!5,c+c] nv[!2,a,!5,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,64], k:f[2,5,32], v:f[2,5,32], _, "
     "_, l:i32[2]={4,4}!, t:i32[]={5}!, cos:f[16,8], sin:f[16,8]) num_heads=4 kv_num_heads=2 "
     "do_rotary=1 rotary_interleaved=1",
     "q[!2,!5,a*b*c*!2] k[!2,!5,a*c*!2] v[!2,!5,a*d] l[!2] t[] cos[!16,c] sin[!16,c] -> "
     "y[!2,!5,a*b*d] nk[!2,a,!5,c*!2] nv[!2,a,!5,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[1,1,64], k:f[1,1,32], v:f[1,1,32], "
     "pk:f[1,2,3,16], pv:f[1,2,3,16], l:i32[1]={3}!, t:i32[]={4}!, cos:f[16,8], sin:f[16,8]) "
     "num_heads=4 kv_num_heads=2 do_rotary=1",
     "q[1,1,a*b*(c+c)] k[1,1,a*(c+c)] v[1,1,a*d] pk[1,a,!3,c+c] pv[1,a,!3,d] l[1] t[] "
     "cos[!16,c] sin[!16,c] -> y[1,1,a*b*d] nk[1,a,?,c+c] nv[1,a,?,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,64], k:f[2,5,32], v:f[2,5,32], _, "
     "_, l:i32[2]={4,4}!, t:i32[]={5}!, _, _, _, s:f[1,4,5,5], k0:f[4]!) num_heads=4 "
     "kv_num_heads=2",
     "q[!2,!5,a*b*c] k[!2,!5,a*c] v[!2,!5,a*d] l[!2] t[] s[1,a*b,!5,!5] k0[a*b] -> "
     "y[!2,!5,a*b*d] nk[!2,a,!5,c] nv[!2,a,!5,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,64], k:f[2,5,32], v:f[2,5,32], _, "
     "_, l:i32[2]={4,4}!, t:i32[]={5}!, cos:f[16,8], sin:f[16,8], p:i64<5[2,5]) num_heads=4 "
     "kv_num_heads=2 do_rotary=1",
     "q[!2,!5,a*b*(c+c)] k[!2,!5,a*(c+c)] v[!2,!5,a*d] l[!2] t[] cos[!16,c] sin[!16,c] p[!2,!5] "
     "-> y[!2,!5,a*b*d] nk[!2,a,!5,c+c] nv[!2,a,!5,d]",
     17, Kernel::kRecent},
    {"y, nk, nv = com.microsoft.GroupQueryAttention(q:f[2,5,64], k:f[2,5,32], v:f[2,5,32], _, "
     "_, l:i32[2]={4,4}!, t:i32[]={5}!, _, _, _, _, _, _, _, qn:f[16]!, kn:f[16]!) num_heads=4 "
     "kv_num_heads=2",
     "q[!2,!5,a*b*c] k[!2,!5,a*c] v[!2,!5,a*d] l[!2] t[] qn[c] kn[c] -> y[!2,!5,a*b*d] "
     "nk[!2,a,!5,c] nv[!2,a,!5,d]",
     17, Kernel::kNowhere},
    {"y, nk, nv = com.microsoft.SparseAttention(q:f[1,16,32], k:f[1,16,16], v:f[1,16,16], "
     "pk:f[1,2,32,8], pv:f[1,2,32,8], r:i32[2,3], c:i32[2,3], t:i32[1], l:i32[1]) num_heads=4 "
     "kv_num_heads=2 sparse_block_size=16",
     "q[1,!16,a*!2*b] k[1,!16,a*b] v[1,!16,a*c] pk[1,a,!32,b] pv[1,a,!32,c] r[!2,!3] c[!2,!3] "
     "t[1] l[1] -> y[1,!16,a*!2*c] nk[1,a,!32,b] nv[1,a,!32,c]"},
    {"y, nk, nv = com.microsoft.PagedAttention(q:f[7,32], k:f[7,16], v:f[7,16], kc:f[3,8,2,8], "
     "vc:f[3,8,2,8], a:i32[3], b:i32[2], t:i32[2,2]) num_heads=4 kv_num_heads=2",
     "q[!7,a*b*c] k[!7,a*c] v[!7,a*d] kc[!3,!8,a,c] vc[!3,!8,a,d] a[!3] b[!2] t[!2,!2] -> "
     "y[!7,a*b*d] nk[!3,!8,a,c] nv[!3,!8,a,d]"},
    {"y = com.microsoft.MRotaryEmbedding(x:f[2,4,5,12], p:i64<9[3,2,5], c:f[9,6]!, s:f[9,6]!) "
     "mrope_section=[2,2,2]",
     "x[a,b,c,d+e+f+d+e+f] p[!3,a,c]=g c[g,d+e+f] s[g,d+e+f] -> y[a,b,c,d+e+f+d+e+f]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.MRotaryEmbedding(x:f[2,5,48], p:i64<9[3,2,5], c:f[9,3]!, s:f[9,3]!) "
     "mrope_section=[1,2,0] num_heads=4 rotary_embedding_dim=6 interleaved=1",
     "x[a,b,c*(!2+d*!2+e)] p[!3,a,b]=f c[f,1+d] s[f,1+d] -> y[a,b,c*(!2+d*!2+e)]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.MRotaryEmbedding(x:f[2,4,5,12], p:i64<9[3,2,5], c:f[9,6]!, s:f[9,6]!) "
     "mrope_section=[2,2,2] mrope_layout=1",
     "x[a,b,c,!6+!6] p[!3,a,c]=d c[d,!6] s[d,!6] -> y[a,b,c,!6+!6]", 17, Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> attention_cases() { return kCases; }

}  // namespace permcrypt::testing
