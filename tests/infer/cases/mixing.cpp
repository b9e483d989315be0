// Operators that let nothing move: see rules/mixing.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = SequenceAt(s:seq[3,4], i:i64[]={0})", "s[..] i[] -> y[..]"},
    {"y = SequenceConstruct(a:f[3,4], b:f[3,4])", "a[!3,!4] b[!3,!4] -> y[..]"},
    {"y = SequenceEmpty()", "-> y[..]"},
    {"y = SequenceErase(s:seq[3,4])", "s[..] -> y[..]"},
    {"y = SequenceInsert(s:seq[3,4], x:f[3,4])", "s[..] x[!3,!4] -> y[..]"},
    {"y = SequenceLength(s:seq[3,4])", "s[..] -> y[..]"},
    {"y = SequenceMap(s:seq[3,4], x:f[3,4])", "s[..] x[!3,!4] -> y[..]"},
    {"y = SplitToSequence(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = ConcatFromSequence(s:seq[3,4]) axis=0", "s[..] -> y[..]"},
    {"y = Optional(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = OptionalGetElement(x:f[3,4])", "x[!3,!4] -> y[..]", 18},
    {"y = OptionalHasElement(x:f[3,4])", "x[!3,!4] -> y[..]", 18},
    {"y = HannWindow(n:i64[]={8}!)", "n[] -> y[..]"},
    {"y = HammingWindow(n:i64[]={8}!)", "n[] -> y[..]"},
    {"y = BlackmanWindow(n:i64[]={8}!)", "n[] -> y[..]"},
    {"y = MelWeightMatrix(a:i64[]={4}!, b:i64[]={8}!, c:i64[]={8000}!, d:f[]={0}!, e:f[]={4000}!)",
     "a[] b[] c[] d[] e[] -> y[..]"},
    {"y = STFT(x:f[2,16,1], n:i64[]={4}!, w:f[8]!)", "x[!2,!16,1] n[] w[!8] -> y[..]"},
    {"y = com.microsoft.Rfft(x:f[3,8]) normalized=0 onesided=1 signal_ndim=1", "x[!3,!8] -> y[..]"},
    {"y = com.microsoft.Irfft(x:f[3,5,2]) normalized=0 onesided=1 signal_ndim=1",
     "x[!3,!5,!2] -> y[..]"},
    {"y = Bernoulli(x:p[3,4])", "x[!3,!4] -> y[..]"},
    {"y = Multinomial(x:f[3,4]) sample_size=2", "x[!3,!4] -> y[..]"},
    {"y = NegativeLogLikelihoodLoss(x:f[3,4], t:i64<4[3])", "x[!3,!4] t[!3] -> y[..]"},
    {"y, p = SoftmaxCrossEntropyLoss(x:f[3,4], t:i64<4[3])", "x[!3,!4] t[!3] -> y[..] p[..]"},
    {"y = NonMaxSuppression(b:f[1,3,4], s:f[1,2,3], n:i64[1]={2}!)",
     "b[1,!3,!4] s[1,!2,!3] n[1] -> y[..]"},
    {"y, i, j, n = Unique(x:f[3,4]) axis=0", "x[!3,!4] -> y[..] i[..] j[..] n[..]"},
    {"y, i, n = com.microsoft.Unique(x:f[4])", "x[!4] -> y[..] i[..] n[..]"},
    {"y = ImageDecoder(x:u8[9]) pixel_format=RGB", "x[!9] -> y[..]", 20},
    {"y = StringConcat(a:s[3], b:s[3])", "a[!3] b[!3] -> y[..]", 20},
    {"y = StringNormalizer(x:s[3])", "x[!3] -> y[..]"},
    {"y, n = StringSplit(x:s[3]) delimiter=x", "x[!3] -> y[..] n[..]", 20},
    {"y = RegexFullMatch(x:s[3]) pattern=a", "x[!3] -> y[..]", 20},
    {"y = TfIdfVectorizer(x:i64[5]) mode=TF min_gram_length=1 max_gram_length=1 max_skip_count=0 "
     "ngram_counts=[0] ngram_indexes=[0,1] pool_int64s=[2,3]",
     "x[!5] -> y[..]"},
    {"y = com.microsoft.Tokenizer(x:s[3]) mark=0 mincharnum=1 pad_value=p", "x[!3] -> y[..]"},
    {"y = com.microsoft.WordConvEmbedding(x:i32[3,4], w:f[6,5,1]!, b:f[6]!, e:f[9,5]!)",
     "x[!3,!4] w[!6,!5,1] b[!6] e[!9,!5] -> y[..]"},
    {"y = com.microsoft.MurmurHash3(x:i32[3,4])", "x[!3,!4] -> y[..]"},
    {"y, s = com.microsoft.LinearAttention(q:f[2,3,8], k:f[2,3,8], v:f[2,3,8]) q_num_heads=2 "
     "kv_num_heads=2 update_rule=linear",
     "q[!2,!3,!8] k[!2,!3,!8] v[!2,!3,!8] -> y[..] s[..]"},
    {"y, s = com.microsoft.CausalConvWithState(x:f[2,3,8], w:f[3,1,4]!)",
     "x[!2,!3,!8] w[!3,1,!4] -> y[..] s[..]"},
    {"y = com.microsoft.NGramRepeatBlock(i:i64<9[3,4], s:f[3,9]) ngram_size=2",
     "i[!3,!4] s[!3,!9] -> y[..]"},
    {"y, t, c, m = com.microsoft.RemovePadding(x:f[2,3,4], n:i32[2]={2,3})",
     "x[!2,!3,!4] n[!2] -> y[..] t[..] c[..] m[..]"},
    {"y = com.microsoft.RestorePadding(x:f[5,4], t:i32[2,3]={0,1,3,4,5,2})",
     "x[!5,!4] t[!2,!3] -> y[..]"},
    {"y = com.microsoft.DynamicTimeWarping(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = com.microsoft.UnfoldTensor(x:f[3,8]) dim=1 size=3 step=1", "x[!3,!8] -> y[..]"},
    {"y = com.microsoft.QOrderedMatMul(a:i8[3,4], s:f[]={0.5}!, b:i8[4,5]!, t:f[5]!, u:f[]={0.5}!) "
     "order_A=1 order_B=1 order_Y=1",
     "a[!3,!4] s[] b[!4,!5] t[!5] u[] -> y[..]"},
    {"y = com.microsoft.QOrderedAttention(x:i8[1,3,8], s:f[]={0.5}!) num_heads=2 order_input=1 "
     "order_output=1 order_weight=1",
     "x[1,!3,!8] s[] -> y[..]"},
    {"y = com.microsoft.QOrderedGelu(x:i8[3,4], s:f[]={0.5}!, t:f[]={0.5}!)",
     "x[!3,!4] s[] t[] -> y[..]"},
    {"y = com.microsoft.QOrderedLayerNormalization(x:i8[3,4], s:f[]={0.5}!, g:f[4]!, b:f[4]!, "
     "t:f[]={0.5}!)",
     "x[!3,!4] s[] g[!4] b[!4] t[] -> y[..]"},
    {"y = com.microsoft.QOrderedLongformerAttention(x:i8[1,4,8], s:f[]={0.5}!, w:i8[8,24]!) "
     "num_heads=2 window=2 order_input=1 order_output=1 order_weight=1 order_global_weight=1",
     "x[1,!4,!8] s[] w[!8,!24] -> y[..]"},
    {"y = com.microsoft.QuantizeWithOrder(x:f[3,4], s:f[]={0.5}!) order_input=1 order_output=1",
     "x[!3,!4] s[] -> y[..]"},
    {"y = com.microsoft.DequantizeWithOrder(x:i8[3,4], s:f[]={0.5}!) order_input=1 order_output=1 "
     "to=1",
     "x[!3,!4] s[] -> y[..]"},
    {"y, m = com.microsoft.BitmaskDropout(x:f[3,4])", "x[!3,!4] -> y[..] m[..]"},
    {"y, m = com.microsoft.BitmaskBiasDropout(x:f[3,4], b:f[4]!)", "x[!3,!4] b[!4] -> y[..] m[..]"},
    {"y = com.microsoft.EPContext(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = com.microsoft.CropAndResize(x:f[1,3,8,8], r:f[2,4]={0,0,1,1,0,0,0.5,0.5}, "
     "b:i32[2]={0,0}, s:i64[2]={4,4}!)",
     "x[1,!3,!8,!8] r[!2,!4] b[!2] s[!2] -> y[..]"},
    {"y = ai.onnx.ml.CastMap(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = ai.onnx.ml.CategoryMapper(x:i64[3]) cats_int64s=[0,1] cats_strings=[a,b]",
     "x[!3] -> y[..]"},
    {"y = ai.onnx.ml.DictVectorizer(x:f[3,4])", "x[!3,!4] -> y[..]"},
    {"y = ai.onnx.ml.FeatureVectorizer(a:f[3,4], b:f[3,2]) inputdimensions=[4,2]",
     "a[!3,!4] b[!3,!2] -> y[..]"},
    {"y = ai.onnx.ml.LabelEncoder(x:i64[3]) keys_int64s=[0,1] values_int64s=[5,6]",
     "x[!3] -> y[..]"},
    {"y = ai.onnx.ml.OneHotEncoder(x:i64<3[4]) cats_int64s=[0,1,2]", "x[!4] -> y[..]"},
    {"y = ai.onnx.ml.ZipMap(x:f[3,4]) classlabels_int64s=[0,1,2,3]", "x[!3,!4] -> y[..]"},
};

}  // namespace

std::span<const OpCase> mixing_cases() { return kCases; }

}  // namespace permcrypt::testing
