// Fused embeddings: see rules/embedding.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y, n, s = com.microsoft.EmbedLayerNormalization(ids:i32<11[2,5], seg:i32<2[2,5], "
     "w:f[11,8]!, p:f[9,8]!, t:f[2,8]!, g:f[8]!, b:f[8]!, m:i32[2,5]={1,1,1,1,1,1,1,1,0,0})",
     "ids[a,!5]=b seg[a,!5]=c w[b,d] p[!9,d] t[c,d] g[d] b[d] m[a,!5] -> y[a,!5,d] n[a] "
     "s[a,!5,d]"},
    {"y, n = com.microsoft.EmbedLayerNormalization(ids:i32<11[2,5], _, w:f[11,8]!, p:f[9,8]!, "
     "_, g:f[8]!, b:f[8]!, _, pos:i32<9[2,5])",
     "ids[a,b]=c w[c,d] p[e,d] g[d] b[d] pos[a,b]=e -> y[a,b,d] n[a]"},
    {"y, n = com.microsoft.QEmbedLayerNormalization(ids:i32<11[2,5], seg:i32<2[2,5], "
     "w:u8[11,8]!, p:u8[9,8]!, t:u8[2,8]!, g:u8[8]!, b:u8[8]!, "
     "m:i32[2,5]={1,1,1,1,1,1,1,1,0,0}, s0:p[]!, s1:p[]!, s2:p[]!, s3:p[]!, s4:p[]!, z0:u8[]!, "
     "z1:u8[]!, z2:u8[]!, z3:u8[]!, z4:u8[]!)",
     "ids[a,!5]=b seg[a,!5]=c w[b,d] p[!9,d] t[c,d] g[d] b[d] m[a,!5] s0[] s1[] s2[] s3[] s4[] "
     "z0[] z1[] z2[] z3[] z4[] -> y[a,!5,d] n[a]"},
    {"y = com.microsoft.RelativePositionBias(t:f[32,4]!, q:i64[]={5}!, k:i64[]={5}!) "
     "max_distance=8",
     "t[!32,a] q[] k[] -> y[1,a,!5,!5]"},
    {"y = com.microsoft.GatedRelativePositionBias(x:f[2,5,24], b:f[24]!, r:f[1,4,5,5], "
     "w:f[6,8]!, c:f[8]!, e:f[1,4,1,1]!) num_heads=4",
     "x[a,b,c*d] b[c*d] r[1,c,b,e] w[d,!2*f] c[!2*f] e[1,c,1,1] -> y[a,c,b,e]"},
    {"y = com.microsoft.GreedySearch(ids:i32[2,5])", "ids[!2,!5] -> y[..]"},
    {"y = com.microsoft.BeamSearch(ids:i32[2,5])", "ids[!2,!5] -> y[..]"},
    {"y = com.microsoft.Sampling(ids:i32[2,5])", "ids[!2,!5] -> y[..]"},
    {"y = com.microsoft.WhisperBeamSearch(ids:i32[2,5])", "ids[!2,!5] -> y[..]"},
};

}  // namespace

std::span<const OpCase> embedding_cases() { return kCases; }

}  // namespace permcrypt::testing
