// Contractions: see rules/product.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = MatMul(a:f[2,3,4], b:f[4,5]!)", "a[a,b,c] b[c,d] -> y[a,b,d]"},
    {"y = MatMul(a:f[2,1,3,4], b:f[5,4,3])", "a[a,1,b,c] b[d,c,e] -> y[a,d,b,e]"},
    {"y = MatMul(a:f[2,3,4], b:f[2,4,5])", "a[a,b,c] b[a,c,d] -> y[a,b,d]"},
    {"y = MatMul(a:f[4], b:f[4,5])", "a[a] b[a,b] -> y[b]"},
    {"y = MatMul(a:f[3,4], b:f[4])", "a[a,b] b[b] -> y[a]"},
    {"y = MatMul(a:f[4], b:f[4])", "a[a] b[a] -> y[]"},
    {"y = MatMul(a:f[2,3,4], b:f[4])", "a[a,b,c] b[c] -> y[a,b]"},
    {"y = MatMul(a:f[1,4], b:f[4,5]!)", "a[1,a] b[a,b] -> y[1,b]", 7},
    {"y = Gemm(a:f[3,4], b:f[4,5]!, c:f[5]!)", "a[a,b] b[b,c] c[c] -> y[a,c]"},
    {"y = Gemm(a:f[4,3], b:f[5,4]!, c:f[3,1]!) transA=1 transB=1 alpha=0.5",
     "a[a,b] b[c,a] c[b,1] -> y[b,c]"},
    {"y = Gemm(a:f[3,4], b:f[5,4]!) transB=1", "a[a,b] b[c,b] -> y[a,c]"},
    {"y = Gemm(a:f[3,4], b:f[4,5]!, c:f[]!)", "a[a,b] b[b,c] c[] -> y[a,c]"},
    {"y = Gemm(a:f[3,4], b:f[4,5]!, c:f[3,5]!) beta=2.0", "a[a,b] b[b,c] c[a,c] -> y[a,c]", 7},
    {"y = Einsum(a:f[2,3,4], b:f[2,4,5]) equation=bij,bjk->bik", "a[a,b,c] b[a,c,d] -> y[a,b,d]"},
    {"y = Einsum(a:f[3,4], b:f[4]) equation=ij,j", "a[a,b] b[b] -> y[a]"},
    {"y = Einsum(a:f[2,3,4,5], b:f[2,3,6,5]) equation=bhid,bhjd->bhij",
     "a[a,b,c,d] b[a,b,e,d] -> y[a,b,c,e]"},
    {"y = Einsum(a:f[3,3]) equation=ii->i", "a[a,a] -> y[a]"},
    {"y = Einsum(a:f[3,3,4]) equation=iij->j", "a[a,a,b] -> y[b]"},
    {"y = Einsum(a:f[3,4], b:f[5,4], c:f[5,3]) equation=ij,kj,kl->il",
     "a[a,b] b[c,b] c[c,d] -> y[a,d]"},
    {"y = Einsum(a:f[3,4]) equation=ij->ji", "a[a,b] -> y[b,a]"},
    {"y = Einsum(a:f[1,4], b:f[3,4]) equation=ij,ij->ij", "a[1,a] b[b,a] -> y[b,a]"},
    {"y = Einsum(a:f[2,3,4], b:f[4,5]) equation=...j,jk->...k", "a[a,b,c] b[c,d] -> y[a,b,d]"},
    {"y = com.microsoft.FusedMatMul(a:f[2,3,4], b:f[2,5,4]) transB=1 alpha=0.5",
     "a[a,b,c] b[a,d,c] -> y[a,b,d]"},
    {"y = com.microsoft.FusedMatMul(a:f[2,4,3], b:f[4,5]!) transA=1",
     "a[a,b,c] b[b,d] -> y[a,c,d]"},
    {"y = com.microsoft.FusedMatMul(a:f[3,2,4], b:f[2,4,5]) transBatchA=1",
     "a[a,b,c] b[b,c,d] -> y[b,a,d]"},
    {"y = com.microsoft.FusedMatMul(a:f[4], b:f[4,5]!)", "a[a] b[a,b] -> y[b]"},
    {"y = com.microsoft.FusedMatMulActivation(a:f[3,4], b:f[4,5]!) activation=Relu",
     "a[a,b] b[b,c] -> y[a,c]"},
    {"y = com.microsoft.TransposeMatMul(a:f[2,4,3], b:f[2,4,5]) transA=1",
     "a[a,b,c] b[a,b,d] -> y[a,c,d]"},
    {"y = com.microsoft.FusedGemm(a:f[3,4], b:f[4,5]!, c:f[5]!) activation=Relu",
     "a[a,b] b[b,c] c[c] -> y[a,c]"},
    {"y = Einsum(a:f[2,3,3]) equation=...ii->...i", "a[a,b,b] -> y[a,b]"},
    {"y = Einsum(a:f[3,4], b:f[3,4,5]) equation=...j,...jk", "a[a,b] b[a,b,c] -> y[a,c]"},
    {"y = Einsum(a:f[2,3,4], b:f[2,3,4]) equation=...j,...j->j...",
 "a[a,b,c] b[a,b,c] -> y[c,a,b]"},
    {"y = com.microsoft.FusedMatMul(a:f[2,4,3], b:f[4,2,5]) transA=1 transB=0 transBatchB=1",
     "a[a,b,c] b[b,a,d] -> y[a,c,d]"},
    {"y = com.microsoft.FusedMatMul(a:f[4,2,3], b:f[2,4,5]) transA=1 transBatchA=1",
     "a[a,b,c] b[b,a,d] -> y[b,c,d]"},
    {"y = com.microsoft.GemmFastGelu(a:f[2,3,4], b:f[4,5]!, c:f[5]!)",
     "a[a,b,c] b[c,d] c[d] -> y[a,b,d]"},
    {"y = com.microsoft.GemmFloat8(a:f[3,4], b:f[5,4]!, _, s:f[]={1}!, t:f[1]={1}!) transB=1",
     "a[a,b] b[c,b] s[] t[1] -> y[a,c]"},
    {"y = com.microsoft.CDist(a:f[3,4], b:f[5,4]) metric=sqeuclidean", "a[a,b] b[c,b] -> y[a,c]"},
    {"y = com.microsoft.CDist(a:f[3,4], b:f[5,4]) metric=euclidean", "a[a,b] b[c,b] -> y[a,c]"},
    {"y = com.microsoft.Inverse(x:f[2,3,3])", "x[a,b,c] -> y[a,c,b]"},
};

}  // namespace

std::span<const OpCase> product_cases() { return kCases; }

}  // namespace permcrypt::testing
