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
    PINS(kMs, "LinearAttention", kState),
    PINS(kMs, "CausalConvWithState", kState),
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
