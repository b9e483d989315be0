#include "infer/plain_words.h"

namespace permcrypt {
namespace {

struct Meaning {
  std::string_view reason, words;
};

constexpr Meaning kMeanings[] = {
    {"graph input", "comes from an input whose order is the user's"},
    {"graph output", "leaves in an output whose order is the user's"},
    {"kernel axis", "spatial axis of a kernel: neighbours must stay neighbours"},
    {"spatial axis", "spatial axis: neighbours must stay neighbours"},
    {"cache grows", "the axis along which a cache grows"},
    {"causal mask", "a causal mask knows the positions in order"},
    {"Range", "positions are counted inside the model"},
    {"positions in order", "positions, which a fused operator counts"},
    {"rotary positions in order", "positions, which a fused rotary embedding counts"},
    {"time", "steps in time"},
    {"direction", "the two directions of a recurrent layer: one reads forward, one backward"},
    {"Scan runs in order", "Scan takes its steps in this order, each on what the last one made"},
    {"classes or features", "classes or features that an estimator lists in order"},
    {"Fourier transform", "a Fourier transform mixes it in order"},
    {"real and imaginary part", "pairs of real and imaginary parts"},
    {"numbers packed into one byte", "two numbers in one byte, whose order is the format's"},
    {"one number for each axis", "one number for each axis of a picture"},
    {"strided slice", "every n-th index is picked out"},
    {"resized", "space that is resized: what lies between neighbours is computed from them"},
    {"padded", "padded at an end, to a size that is open"},
    {"sparse tensor of unusual indices", "sparse tensor with indices that are not int64"},
    {"sparse tensor of packed elements", "sparse tensor of elements smaller than a byte"},
    {"computed index", "read at positions that the model computes"},
    {"sliced at a computed position", "sliced at a position that the model computes"},
    {"sliced at a position known at run time only",
     "read up to a position that is known at run time only"},
    {"dynamic slice", "sliced at a position that is known at run time only"},
    {"dynamic extent", "its size is open"},
    {"meets a dynamic extent", "meets an axis whose size is open"},
    {"meets another dynamic extent", "meets an axis whose size is open"},
    {"reshaped along dynamic extents", "reshaped together with an axis whose size is open"},
    {"concatenated with a dynamic extent", "put beside something whose size is open"},
    {"ids come from a graph input", "indexed by ids from an input, and no lock could sit there"},
    {"used as a shape or index", "used as a shape or an index"},
    {"", "each of its indices has a use of its own"},
};

// Begin so: "computed by Clip", "com.microsoft.STFT pins: a spectrum".
constexpr std::string_view kComputed = "computed by ", kPins = " pins: ";

}  // namespace

std::string in_plain_words(std::string_view reason) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.reason == reason) return std::string(meaning.words);
  }
  if (reason.starts_with(kComputed)) {
    return "read at positions that the model computes, by " +
           std::string(reason.substr(kComputed.size()));
  }
  if (const auto at = reason.find(kPins); at != std::string_view::npos) {
    return "held by " + std::string(reason.substr(0, at)) + ": " +
           std::string(reason.substr(at + kPins.size()));
  }
  return std::string(reason);
}

}  // namespace permcrypt
