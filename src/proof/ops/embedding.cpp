// Words, positions and segments, looked up, added and normalised in one operator.
#include "proof/ops/indices.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// ids, segment ids, words, positions, segments, gamma, beta; then a mask and, in the plain
// operator, position ids; in the quantised one a scale and a zero point for each table.
void embed(Step& s, bool quantised) {
  const Axes &ids = shape_of(s, 0), &words = s.axes(2), &places = s.axes(3);
  if (ids.size() != 2 || words.size() != 2 || places.size() != 2) {
    throw NotUnderstood{"operands of another rank"};
  }
  must_fit(s, 0, words[0]);
  Axis width = s.equal_extents(words[1], places[1]);
  if (!quantised && s.has(8)) {
    must_fit(s, 8, places[0]);
  } else {
    s.in_order(places[0]);
  }
  if (s.has(1) && s.has(4)) {
    must_fit(s, 1, s.axes(4).at(0));
    width = s.equal_extents(width, s.axes(4).at(1));
  }
  for (const std::size_t k : {5, 6}) s.per_index(k, width);
  for (std::size_t k = 7; k < s.operands(); ++k) {
    if (quantised || k == 7) s.must_be_plain(k);
  }
  const Axes out = {ids[0], ids[1], width};
  s.out(0, out, quantised ? T::FLOAT : s.type(2));
  s.out(1, {ids[0]}, T::INT32);
  s.out(2, out, quantised ? T::FLOAT : s.type(2));
}

void embed_plain(Step& s) { embed(s, false); }
void embed_quantised(Step& s) { embed(s, true); }

const Entry kEntries[] = {
    {"com.microsoft", "EmbedLayerNormalization", embed_plain},
    {"com.microsoft", "QEmbedLayerNormalization", embed_quantised},
};

}  // namespace

std::span<const Entry> embedding_definitions() { return kEntries; }

}  // namespace permcrypt::proof
