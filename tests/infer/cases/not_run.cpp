// Operators whose cases ONNX Runtime cannot run on the CPU: for these only the index structure is
// checked. Operators that let nothing move are not listed, since there is nothing to compare.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

constexpr auto kNoKernel = "no kernel for the CPU";
constexpr auto kUnknown = "no operator of ONNX Runtime, though converters write it";
constexpr auto kLock = "only in the analysed graph: written as Gathers by a part of the key";

const NotRun kNotRun[] = {
    {"com.microsoft.BiasAdd", kNoKernel},
    {"com.microsoft.BiasDropout", kNoKernel},
    {"com.microsoft.BiasSoftmax", kNoKernel},
    {"com.microsoft.BiasSplitGelu", kNoKernel},
    {"com.microsoft.ComplexMul", kNoKernel},
    {"com.microsoft.ComplexMulConj", kNoKernel},
    {"com.microsoft.DecoderAttention", kNoKernel},
    {"com.microsoft.DecoderMaskedSelfAttention", kNoKernel},
    {"com.microsoft.FusedMatMulActivation", kNoKernel},
    {"com.microsoft.GatedRelativePositionBias", kNoKernel},
    {"com.microsoft.GemmFastGelu", kNoKernel},
    {"com.microsoft.GemmFloat8", kNoKernel},
    {"com.microsoft.GemmaRotaryEmbedding", "half precision only, and no kernel for the CPU"},
    {"com.microsoft.GroupNorm", kNoKernel},
    {"com.microsoft.IsAllFinite", kNoKernel},
    {"com.microsoft.LayerNormalization", kUnknown},
    {"com.microsoft.MatMulInteger16", kNoKernel},
    {"com.microsoft.MulInteger", kNoKernel},
    {"com.microsoft.NhwcConv", kNoKernel},
    {"com.microsoft.NhwcFusedConv", kNoKernel},
    {"com.microsoft.PackedAttention", kNoKernel},
    {"com.microsoft.PackedMultiHeadAttention", kNoKernel},
    {"com.microsoft.PagedAttention", kNoKernel},
    {"com.microsoft.QLinearReduceMean", kNoKernel},
    {"com.microsoft.ReduceSumInteger", kNoKernel},
    {"com.microsoft.RelativePositionBias", kNoKernel},
    {"com.microsoft.SimplifiedLayerNormalization", kUnknown},
    {"com.microsoft.SkipGroupNorm", kNoKernel},
    {"com.microsoft.SparseAttention", "past and present must be one buffer"},
    {"com.microsoft.SwiGLU", kNoKernel},
    {"com.microsoft.TorchEmbedding", kNoKernel},
    {"permcrypt.IndexLock", kLock},
    {"permcrypt.LabelLock", kLock},
    {"permcrypt.Lock", kLock},
};

}  // namespace

std::span<const NotRun> not_run() { return kNotRun; }

}  // namespace permcrypt::testing
