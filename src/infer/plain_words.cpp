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
    {"Fourier transform", "a Fourier transform mixes it in order"},
    {"real and imaginary part", "pairs of real and imaginary parts"},
    {"sparse initializer", "stored as a sparse tensor"},
    {"computed index", "read at positions that the model computes"},
    {"sliced at a computed position", "sliced at a position that the model computes"},
    {"dynamic slice", "sliced at a position that is known at run time only"},
    {"ids come from a graph input", "indexed by ids from an input, and no lock could sit there"},
    {"used as a shape or index", "used as a shape or an index"},
};

}  // namespace

std::string in_plain_words(std::string_view reason) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.reason == reason) return std::string(meaning.words);
  }
  return std::string(reason);
}

}  // namespace permcrypt
