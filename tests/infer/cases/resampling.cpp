// Operators on the space of images: see rules/resampling.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = Resize(x:f[1,3,4,5], _, s:f[4]={1,1,2,3}!) mode=nearest",
     "x[1,a,b,c] s[!4] -> y[1,a,b*d,c*e]"},
    {"y = Resize(x:f[1,3,4,5], _, s:f[4]={1,1,2,2}!) mode=nearest "
     "coordinate_transformation_mode=asymmetric nearest_mode=floor",
     "x[1,a,b,c] s[!4] -> y[1,a,b*d,c*e]"},
    {"y = Resize(x:f[1,3,4,5], _, s:f[4]={1,1,3,3}!) mode=nearest "
     "coordinate_transformation_mode=asymmetric",
     "x[1,a,!4,!5] s[!4] -> y[1,a,!12,!15]"},
    {"y = Resize(x:f[1,3,4,5], _, _, z:i64[4]={1,3,8,15}!) mode=nearest "
     "coordinate_transformation_mode=pytorch_half_pixel",
     "x[1,a,b,c] z[!4] -> y[1,a,b*d,c*e]"},
    {"y = Resize(x:f[1,3,4,5], _, s:f[4]={1,1,2,2}!) mode=linear",
     "x[1,a,!4,!5] s[!4] -> y[1,a,!8,!10]"},
    {"y = Resize(x:f[1,3,4,5], _, s:f[4]={1,1,0.5,1}!) mode=nearest",
     "x[1,a,!4,b] s[!4] -> y[1,a,!2,b]"},
    {"y = Resize(x:f[1,3,4,5], _, s:f[2]={2,1}!) mode=nearest axes=[2,3]",
     "x[1,a,b,c] s[!2] -> y[1,a,b*d,c]", 19},
    {"y = Resize(x:f[1,3,4,5], s:f[4]={1,1,2,2}!)", "x[1,a,b,c] s[!4] -> y[1,a,b*d,c*e]", 10},
    {"y = Upsample(x:f[1,3,4,5], s:f[4]={1,1,2,2}!)", "x[1,a,b,c] s[!4] -> y[1,a,b*d,c*e]", 9},
    {"y = Upsample(x:f[1,3,4,5], s:f[4]={1,1,2,2}!) mode=linear",
     "x[1,a,!4,!5] s[!4] -> y[1,a,!8,!10]", 9},
    {"y = DepthToSpace(x:f[2,12,3,5]) blocksize=2", "x[a,b*c*d,e,f] -> y[a,d,e*b,f*c]"},
    {"y = DepthToSpace(x:f[2,12,3,5]) blocksize=2 mode=CRD", "x[a,b*c*d,e,f] -> y[a,b,e*c,f*d]"},
    {"y = SpaceToDepth(x:f[2,3,6,10]) blocksize=2", "x[a,b,c*d,e*f] -> y[a,d*f*b,c,e]"},
    {"y = GridSample(x:f[2,3,5,6], g:f[2,4,3,2])", "x[a,b,!5,!6] g[a,c,d,!2] -> y[a,b,c,d]"},
    {"y = com.microsoft.GridSample(x:f[2,3,5,6], g:f[2,4,3,2])",
     "x[a,b,!5,!6] g[a,c,d,!2] -> y[a,b,c,d]", 17, Kernel::kRecent},
    {"y = AffineGrid(t:f[2,2,3], s:i64[4]={2,3,4,5}!)", "t[a,!2,!3] s[!4] -> y[a,!4,!5,!2]", 20},
    {"y = LRN(x:f[2,6,8,8]) size=3", "x[a,!6,b,c] -> y[a,!6,b,c]"},
    {"y = Col2Im(x:f[2,12,12], i:i64[2]={4,5}!, b:i64[2]={2,2}!)",
     "x[a,b*!4,!12] i[!2] b[!2] -> y[a,b,!4,!5]", 18},
};

}  // namespace

std::span<const OpCase> resampling_cases() { return kCases; }

}  // namespace permcrypt::testing
