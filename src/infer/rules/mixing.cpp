// Operators that mix or order indices in a way that leaves nothing to renumber, or whose results
// are no tensors. They have no rule: their operands and results stay, and here is why.
#include "infer/registry.h"

namespace permcrypt {
namespace {

constexpr auto kMs = "com.microsoft";
constexpr auto kMl = "ai.onnx.ml";
constexpr auto kSequence = "pins: tensors in a sequence or an optional are not followed";
constexpr auto kWindow = "pins: a window function depends on order";
constexpr auto kSpectrum = "pins: a transform mixes its axis";
constexpr auto kRandom = "pins: random numbers come in order";
constexpr auto kLoss = "pins: a loss of training, whose targets are classes by number";
constexpr auto kText = "pins: text";
constexpr auto kTable = "pins: its tables are attributes";
constexpr auto kState = "pins: runs along time with a state of its own layout";
constexpr auto kFused = "pins: fused by a runtime while it loads; protect the model from before";
constexpr auto kBlob = "pins: packed bytes of a layout of their own";
constexpr auto kNhwc = "pins: put there by a runtime for one device; protect the model from before";
constexpr auto kWithdrawn = "pins: an experiment that ONNX withdrew";
constexpr auto kLearns = "pins: a step of training";
constexpr auto kTensorRt = "pins: runs in TensorRT only";
constexpr auto kTiled = "pins: elements in a tiled order of its own";
constexpr auto kTokens = "pins: moves rows by their contents";

#define PINS(domain, op, why) \
  { domain, op, 1, kAnyOpset, why, nullptr }
const OpRule kRules[] = {
    PINS("", "SequenceAt", kSequence),
    PINS("", "SequenceConstruct", kSequence),
    PINS("", "SequenceEmpty", kSequence),
    PINS("", "SequenceErase", kSequence),
    PINS("", "SequenceInsert", kSequence),
    PINS("", "SequenceLength", kSequence),
    PINS("", "SequenceMap", kSequence),
    PINS("", "SplitToSequence", kSequence),
    PINS("", "ConcatFromSequence", kSequence),
    PINS("", "Optional", kSequence),
    PINS("", "OptionalGetElement", kSequence),
    PINS("", "OptionalHasElement", kSequence),
    PINS("", "HannWindow", kWindow),
    PINS("", "HammingWindow", kWindow),
    PINS("", "BlackmanWindow", kWindow),
    PINS("", "MelWeightMatrix", "pins: a matrix of frequencies in order"),
    PINS("", "STFT", kSpectrum),
    PINS(kMs, "Rfft", kSpectrum),
    PINS(kMs, "Irfft", kSpectrum),
    PINS("", "Bernoulli", kRandom),
    PINS("", "Multinomial", kRandom),
    PINS("", "NegativeLogLikelihoodLoss", kLoss),
    PINS("", "SoftmaxCrossEntropyLoss", kLoss),
    PINS("", "NonMaxSuppression", "pins: boxes in the order of their scores"),
    PINS("", "Unique", "pins: elements in the order of their values"),
    PINS(kMs, "Unique", "pins: elements in the order of their values"),
    PINS("", "ImageDecoder", "pins: the file of a picture"),
    PINS("", "StringConcat", kText),
    PINS("", "StringNormalizer", kText),
    PINS("", "StringSplit", kText),
    PINS("", "RegexFullMatch", kText),
    PINS("", "TfIdfVectorizer", kText),
    PINS(kMs, "Tokenizer", kText),
    PINS(kMs, "WordConvEmbedding", kText),
    PINS(kMs, "MurmurHash3", "pins: a hash of elements"),
    PINS(kMs, "AttnLSTM", kState),
    PINS(kMs, "ConvStateReplay", kState),
    PINS(kMs, "GatedDeltaNet", kState),
    PINS(kMs, "GatedDeltaNetStateReplay", kState),
    PINS(kMs, "Mamba2Verify", kState),
    PINS(kMs, "VarlenCausalConvWithState", kState),
    PINS(kMs, "SpeculativePrefixCommit", kState),
    PINS(kMs, "DynamicSparseAttention", kState),
    PINS(kMs, "SparsePagedAttention", kState),
    PINS(kMs, "SparseAttentionIndexer", kState),
    PINS(kMs, "PackedSparseAttentionIndexer", kState),
    PINS(kMs, "PackedSparseAttentionIndexerMerge", kState),
    PINS(kMs, "BranchwiseRMSNorm", kFused),
    PINS(kMs, "EngramGate", kFused),
    PINS(kMs, "HyperConnectionLowRankMix", kFused),
    PINS(kMs, "HyperConnectionPostMix", kFused),
    PINS(kMs, "HyperConnectionPreMix", kFused),
    PINS(kMs, "MatMulNBitsMlp", kFused),
    PINS(kMs, "MatMulNBitsQLoRA", kFused),
    PINS(kMs, "MatMulNBitsQkv", kFused),
    PINS(kMs, "MoEGroupRouter", kFused),
    PINS(kMs, "MoEPacked", kFused),
    PINS(kMs, "RMSNormRotary", kFused),
    PINS(kMs, "RouterGateUpProj", kFused),
    PINS(kMs, "DequantizeBFP", kBlob),
    PINS(kMs, "QuantizeBFP", kBlob),
    PINS(kMs, "GatherPacked", kBlob),
    PINS(kMs, "MatMulPacked", kBlob),
    PINS(kMs, "MatMulFpQ4", kBlob),
    PINS(kMs, "MatMulBlockQuantizedFp4Weight", kBlob),
    PINS(kMs, "MatMulBlockQuantizedFp8Weight", kBlob),
    PINS(kMs, "Snpe", kBlob),
    PINS(kMs, "SparseToDenseMatMul", "pins: a sparse matrix"),
    PINS(kMs, "BifurcationDetector", "pins: compares ids with each other"),
    PINS(kMs, "NGramHashMapping", "pins: a hash of elements"),
    PINS(kMs, "VarlenNGramHashMapping", "pins: a hash of elements"),
    PINS(kMs, "ConvTransposeWithDynamicPads", "pins: padded by what is known at run time only"),
    PINS(kMs, "MaxpoolWithMask", "pins: a mask over space"),
    PINS(kMs, "NGramRepeatBlock", "pins: compares ids with each other"),
    PINS(kMs, "RemovePadding", kTokens),
    PINS(kMs, "RestorePadding", kTokens),
    PINS(kMs, "DynamicTimeWarping", "pins: a path along both axes"),
    PINS(kMs, "UnfoldTensor", "pins: a sliding window depends on order"),
    PINS(kMs, "QOrderedMatMul", kTiled),
    PINS(kMs, "QOrderedAttention", kTiled),
    PINS(kMs, "QOrderedGelu", kTiled),
    PINS(kMs, "QOrderedLayerNormalization", kTiled),
    PINS(kMs, "QOrderedLongformerAttention", kTiled),
    PINS(kMs, "QuantizeWithOrder", kTiled),
    PINS(kMs, "DequantizeWithOrder", kTiled),
    PINS(kMs, "BitmaskDropout", kRandom),
    PINS(kMs, "BitmaskBiasDropout", kRandom),
    PINS(kMs, "EPContext", "pins: compiled for a device"),
    PINS(kMs, "CropAndResize", "pins: a picture is sampled at coordinates"),
    PINS("com.ms.internal.nhwc", "AveragePool", kNhwc),
    PINS("com.ms.internal.nhwc", "BatchNormalization", kNhwc),
    PINS("com.ms.internal.nhwc", "Conv", kNhwc),
    PINS("com.ms.internal.nhwc", "ConvTranspose", kNhwc),
    PINS("com.ms.internal.nhwc", "DepthToSpace", kNhwc),
    PINS("com.ms.internal.nhwc", "GlobalAveragePool", kNhwc),
    PINS("com.ms.internal.nhwc", "GlobalLpPool", kNhwc),
    PINS("com.ms.internal.nhwc", "GlobalMaxPool", kNhwc),
    PINS("com.ms.internal.nhwc", "GridSample", kNhwc),
    PINS("com.ms.internal.nhwc", "InstanceNormalization", kNhwc),
    PINS("com.ms.internal.nhwc", "LRN", kNhwc),
    PINS("com.ms.internal.nhwc", "LpPool", kNhwc),
    PINS("com.ms.internal.nhwc", "MaxPool", kNhwc),
    PINS("com.ms.internal.nhwc", "MaxUnpool", kNhwc),
    PINS("com.ms.internal.nhwc", "QLinearAveragePool", kNhwc),
    PINS("com.ms.internal.nhwc", "QLinearConv", kNhwc),
    PINS("com.ms.internal.nhwc", "QLinearConvTranspose", kNhwc),
    PINS("com.ms.internal.nhwc", "Resize", kNhwc),
    PINS("com.ms.internal.nhwc", "SpaceToDepth", kNhwc),
    PINS("", "DisentangledAttention_TRT", kTensorRt),
    PINS("", "EfficientNMS_TRT", kTensorRt),
    PINS("", "MultilevelCropAndResize_TRT", kTensorRt),
    PINS("", "PyramidROIAlign_TRT", kTensorRt),
    PINS("", "Crop", kWithdrawn),
    PINS("", "DynamicSlice", kWithdrawn),
    PINS("", "GRUUnit", kWithdrawn),
    PINS("", "GivenTensorFill", kWithdrawn),
    PINS("", "ImageScaler", kWithdrawn),
    PINS("ai.onnx.preview.training", "Adagrad", kLearns),
    PINS("ai.onnx.preview.training", "Adam", kLearns),
    PINS("ai.onnx.preview.training", "Gradient", kLearns),
    PINS("ai.onnx.preview.training", "Momentum", kLearns),
    PINS("ai.onnx.preview", "FlexAttention", "pins: its bodies may do anything to the scores"),
    PINS(kMl, "CastMap", kTable),
    PINS(kMl, "CategoryMapper", kTable),
    PINS(kMl, "DictVectorizer", kTable),
    PINS(kMl, "FeatureVectorizer", kTable),
    PINS(kMl, "LabelEncoder", kTable),
    PINS(kMl, "OneHotEncoder", kTable),
    PINS(kMl, "ZipMap", kTable),
};
#undef PINS

}  // namespace

std::span<const OpRule> mixing_rules() { return kRules; }

}  // namespace permcrypt
