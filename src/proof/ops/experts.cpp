// Mixture of experts: each expert is a network of its own, chosen by its place in the router's
// list.
#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

const Axes& weights(const Step& s, std::size_t k) {
  const Claim& c = s.claim(k);
  if (!c.axes || c.axes->size() != 3) throw NotUnderstood{"weights of another rank"};
  return *c.axes;
}

// A bias [experts, n].
void fit_bias(const Step& s, std::size_t k, const Axis& expert, const Axis& n) {
  if (!s.has(k)) return;
  s.equal_extents(s.axes(k).at(0), expert);
  s.equal_extents(s.axes(k).at(1), n);
}

// x[.., in], router[n, experts], w1[experts, in, inner] or transposed, bias, w2, bias, w3, bias
void experts(Step& s) {
  const Axes &x = s.axes(0), &router = s.axes(1);
  if (s.attr("use_sparse_mixer", 0) != 0) throw NotUnderstood{"a sparse mixer"};
  const TermId width = x.back().extent;
  const auto oriented = [&](std::size_t k, bool in_first) {
    Axes w = weights(s, k);
    s.equal_extents(w[0], router.at(1));
    const bool as_written = (in_first ? w[1] : w[2]).extent == width;
    const bool as_transposed = (in_first ? w[2] : w[1]).extent == width;
    if (as_written == as_transposed) throw NotUnderstood{"weights of unclear orientation"};
    if (as_transposed) std::swap(w[1], w[2]);
    return w;
  };
  const Axes first = oriented(2, true), second = oriented(4, false);
  s.equal_extents(first[1], x.back());
  if (first[2].extent != second[1].extent) throw NotUnderstood{"gates in one with weights"};
  s.equal_extents(first[2], second[1]);
  fit_bias(s, 3, router[1], first[2]);
  fit_bias(s, 5, router[1], second[2]);
  if (s.has(6)) {
    const Axes third = oriented(6, true);
    s.equal_extents(third[1], x.back());
    s.equal_extents(third[2], first[2]);
    fit_bias(s, 7, router[1], third[2]);
  }
  Axes out = x;
  out.back() = second[2];
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"com.microsoft", "MoE", experts},
};

}  // namespace

std::span<const Entry> expert_definitions() { return kEntries; }

}  // namespace permcrypt::proof
