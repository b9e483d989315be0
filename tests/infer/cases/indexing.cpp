// Selecting by index: see rules/indexing.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Gather(x:f[5,12], i:i64[3,4]={0,1,2,3,4,5,6,7,8,9,10,11}!) axis=1",
     "x[a,b*c] i[!3,!4] -> y[a,b,c]"},
    {"y = Gather(x:f[12,5], i:i64[4,1,3]={0,4,8,1,5,9,2,6,10,3,7,11}!)",
     "x[a*b,c] i[!4,1,!3] -> y[b,1,a,c]"},
    {"y = Gather(x:f[10], i:i64[2,3]={2,3,4,5,6,7}!)", "x[a+b*c+d] i[!2,!3] -> y[b,c]"},
    {"y = Gather(x:f[10,2], i:i64[3]={-3,-2,-1}!)", "x[a+b,c] i[!3] -> y[b,c]"},
    {"y = Gather(x:f[10], i:i64[]={4}!)", "x[a+1+b] i[] -> y[]"},
    {"y = Gather(x:f[7], i:i64[3]={0,2,4}!)", "x[a] i[b]=a -> y[b]"},
    {"y = Gather(x:f[9], i:i64[2,3]={0,1,2,4,5,6}!)", "x[a] i[b,c]=a -> y[b,c]"},
    {"y = Gather(x:f[6], i:i64[2,3]={0,0,0,1,1,1}!)", "x[a] i[b,c]=a -> y[b,c]"},
    {"y = Gather(x:f[5,3], i:i64<5[2,4])", "x[a,b] i[c,d]=a -> y[c,d,b]"},
    {"y = Gather(x:f[3,5], i:i64<5[4]) axis=1", "x[a,b] i[c]=b -> y[a,c]"},
    {"y = Gather(x:f[3,5], i:i64<5[4]) axis=-1", "x[a,b] i[c]=b -> y[a,c]"},
    {"y = Gather(x:f[5,3], i:i32[2,2]={4,1,0,2}!)", "x[a,b] i[c,d]=a -> y[c,d,b]"},
    {"y = Gather(x:i64<7[5], i:i64<5[3])", "x[a] i[b]=a -> y[b]"},
    {"y = Gather(x:f[5,3], i:i64[1]={-1}!)", "x[a+1,b] i[1] -> y[1,b]", 7},
    {"y = GatherElements(x:f[3,5], i:i64<5[3,4]) axis=1", "x[a,b] i[a,c]=b -> y[a,c]"},
    {"y = GatherElements(x:f[4,3], i:i64<4[2,3])", "x[a,b] i[c,b]=a -> y[c,b]"},
    {"y = GatherElements(x:f[4,3], i:i64<4[5,2]) axis=0", "x[a,!3] i[b,!2]=a -> y[b,!2]"},
    {"y = GatherElements(x:f[3,5], i:i64[3,2]={0,1,4,2,3,3}!) axis=-1",
     "x[a,b] i[a,c]=b -> y[a,c]"},
    {"y = GatherND(x:f[5,3], i:i64<5[2,4,1])", "x[a,b] i[c,d,1]=a -> y[c,d,b]"},
    {"y = GatherND(x:f[5,4,3], i:i64<4[6,2])", "x[!5,!4,a] i[b,!2] -> y[b,a]"},
    {"y = GatherND(x:f[3,5,4], i:i64<5[3,2,1]) batch_dims=1", "x[a,b,c] i[a,d,1]=b -> y[a,d,c]"},
    {"y = ScatterND(x:f[5,3], i:i64[2,1]={1,3}, u:f[2,3])", "x[a,b] i[c,1]=a u[c,b] -> y[a,b]"},
    {"y = ScatterND(x:f[5,3], i:i64[3,1]={4,0,2}!, u:f[3,3])", "x[a,b] i[c,1]=a u[c,b] -> y[a,b]"},
    {"y = ScatterND(x:f[5,4,3], i:i64[3,2]={0,1,4,2,2,2}, u:f[3,3])",
     "x[!5,!4,a] i[b,!2] u[b,a] -> y[!5,!4,a]"},
    {"y = ScatterND(x:f[5,3], i:i64[4,1]={1,3,3,0}, u:f[4,3]) reduction=add",
     "x[a,b] i[c,1]=a u[c,b] -> y[a,b]", 16},
    {"y = ScatterElements(x:f[3,5], i:i64[3,2]={0,3,4,1,2,0}, u:f[3,2]) axis=1",
     "x[a,b] i[a,c]=b u[a,c] -> y[a,b]"},
    {"y = ScatterElements(x:f[5,3], i:i64[2,3]={0,3,4,1,2,0}!, u:f[2,3])",
     "x[a,b] i[c,b]=a u[c,b] -> y[a,b]"},
    {"y = ScatterElements(x:f[3,5], i:i64[2,2]={0,3,4,1}, u:f[2,2]) axis=1",
     "x[!3,a] i[!2,b]=a u[!2,b] -> y[!3,a]"},
    {"y = ScatterElements(x:f[3,5], i:i64[3,3]={0,3,3,4,1,1,2,0,0}, u:f[3,3]) axis=1 reduction=add",
     "x[a,b] i[a,c]=b u[a,c] -> y[a,b]", 16},
    {"y = Scatter(x:f[3,5], i:i64[3,2]={0,3,4,1,2,0}, u:f[3,2]) axis=1",
     "x[a,b] i[a,c]=b u[a,c] -> y[a,b]", 10},
    {"y = OneHot(i:i64<5[3,4], d:i64[]={5}!, v:f[2]={0,1})", "i[a,b]=c d[] v[!2] -> y[a,b,c]"},
    {"y = OneHot(i:i32<4[3], d:i32[]={4}!, v:f[2]={-1,1}) axis=0", "i[a]=b d[] v[!2] -> y[b,a]"},
    {"y = OneHot(i:i64<4[3], d:i64[]={4}, v:f[2]={0,1})",
     "i[!3] d[] v[!2] -> y[..] gave up: OneHot: operand 1 is computed at run time"},
    {"y = ArgMax(x:f[3,5]) axis=1", "x[a,b] -> y[a,1]=b"},
    {"y = ArgMax(x:f[3,5]) keepdims=0", "x[a,b] -> y[b]=a"},
    {"y = ArgMax(x:f[3,5]) axis=-1 keepdims=0 select_last_index=1", "x[a,!5] -> y[a]"},
    {"y = ArgMax(x:i32<4[6,5]) axis=1", "x[a,!5] -> y[a,1]"},
    {"y = ArgMax(x:f[3,5]) axis=1", "x[a,b] -> y[a,1]=b", 7},
    {"y = ArgMin(x:f[3,5]) axis=1", "x[a,b] -> y[a,1]=b"},
    {"v, i = TopK(x:f[3,5], k:i64[1]={3}!)", "x[a,b] k[1] -> v[a,!3] i[a,!3]=b"},
    {"v, i = TopK(x:f[3,5], k:i64[1]={5}!)", "x[a,b] k[1] -> v[a,!5] i[a,!5]=b"},
    {"v, i = TopK(x:i64<3[6,7], k:i64[1]={3}!)", "x[a,!7] k[1] -> v[a,!3] i[a,!3]"},
    {"v, i = TopK(x:f[5,3], k:i64[1]={3}!) axis=0 largest=0 sorted=1",
     "x[a,b] k[1] -> v[!3,b] i[!3,b]=a"},
    {"v, i = TopK(x:f[3,5]) k=2", "x[a,b] -> v[a,!2] i[a,!2]=b", 9},
    {"v, i = TopK(x:f[3,5], k:i64[1]={3})",
     "x[!3,!5] k[1] -> v[..] i[..] gave up: TopK: operand 1 is computed at run time"},
    {"y = com.microsoft.GatherND(x:f[5,3], i:i64<5[2,4,1])", "x[a,b] i[c,d,1]=a -> y[c,d,b]"},
    {"y = com.microsoft.TorchEmbedding(x:f[5,3]!, i:i64<5[2,4])", "x[a,b] i[c,d]=a -> y[c,d,b]"},
};

}  // namespace

std::span<const OpCase> indexing_cases() { return kCases; }

}  // namespace permcrypt::testing
