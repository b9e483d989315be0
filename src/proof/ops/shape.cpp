// Operators that give the elements another shape.
#include <algorithm>
#include <functional>
#include <numeric>

#include "proof/ops/movement.h"

namespace permcrypt::proof {

const Axes& moved(const Step& s, std::size_t k) {
  const Claim& x = s.claim(k);
  if (!x.axes) throw NotUnderstood{"an operand of unknown shape"};
  if (x.reshaped()) throw NotUnderstood{"packed elements"};
  return *x.axes;
}

void move_to(Step& s, Axes axes) { s.out(0, std::move(axes), s.type(0)).code = s.claim(0).code; }

namespace {

using T = onnx::TensorProto;

// Joint axes stay together, and change places among themselves.
void transpose_jointly(Step& s, const std::vector<std::int64_t>& perm) {
  const Claim& x = s.claim(0);
  const std::size_t from = x.joint_from, rank = x.axes->size();
  std::vector<bool> taken(rank, false);
  for (const std::int64_t p : perm) taken[s.axis(p, rank)] = true;
  if (perm.size() != rank || !std::ranges::all_of(taken, std::identity())) {
    throw NotUnderstood{"perm does not fit"};
  }
  Axes out;
  std::vector<TermId> extents;
  std::vector<std::size_t> strides(rank, 1), moved_extents, moved_strides;
  for (std::size_t i = rank - 1; i-- > from;) {
    strides[i] = strides[i + 1] * static_cast<std::size_t>(*s.terms.value((*x.axes)[i + 1].extent));
  }
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t p = s.axis(perm[i], rank);
    if ((p < from) != (i < from)) throw NotUnderstood{"several axes are renumbered at once"};
    if (i < from) {
      out.push_back((*x.axes)[p]);
      continue;
    }
    extents.push_back((*x.axes)[p].extent);
    moved_extents.push_back(static_cast<std::size_t>(*s.terms.value(extents.back())));
    moved_strides.push_back(strides[p]);
  }
  Index to_old(x.joint->size()), to_new(to_old.size()), order;
  for (std::size_t i = 0; i < to_old.size(); ++i) {
    std::size_t rest = i, at = 0;
    for (std::size_t k = moved_extents.size(); k-- > 0;) {
      at += rest % moved_extents[k] * moved_strides[k];
      rest /= moved_extents[k];
    }
    to_old[i] = static_cast<std::uint32_t>(at);
    to_new[at] = static_cast<std::uint32_t>(i);
  }
  for (const std::uint32_t i : to_old) order.push_back(to_new[(*x.joint)[i]]);
  const auto count = static_cast<std::int64_t>(order.size());
  out.push_back({s.terms.constant(count), s.orders.of(std::move(order)), kDistinct});
  s.out_joint(0, std::move(out), extents, s.type(0));
}

void transpose(Step& s) {
  const Axes& x = s.is_joint(0) ? *s.claim(0).axes : moved(s);
  std::vector<std::int64_t> perm(x.size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = s.attr_ints("perm").value_or(perm);
  if (s.is_joint(0)) return transpose_jointly(s, perm);
  Axes axes;
  for (const std::int64_t p : perm) axes.push_back(x[s.axis(p, x.size())]);
  if (axes.size() != x.size()) throw NotUnderstood{"perm does not fit"};
  move_to(s, std::move(axes));
}

void squeeze(Step& s) {
  const Axes& x = s.is_joint(0) ? *s.claim(0).axes : moved(s);
  const auto axes = s.ints_given("axes", 1);
  std::vector<bool> drop;
  for (const Axis& axis : x) {
    drop.push_back(!axes && s.is_unit(axis));
    if (!axes && !s.terms.value(axis.extent)) throw NotUnderstood{"an axis that may be 1"};
  }
  for (const std::int64_t k : axes.value_or(std::vector<std::int64_t>{})) {
    drop[s.axis(k, x.size())] = true;
  }
  Axes kept;
  std::size_t in_front = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!drop[i]) kept.push_back(x[i]);
    in_front += drop[i] && i < s.claim(0).joint_from;
  }
  if (!s.is_joint(0)) return move_to(s, std::move(kept));
  if (x.size() - kept.size() != in_front) throw NotUnderstood{"several axes are renumbered at once"};
  Claim& out = s.out(0, std::move(kept), s.type(0));
  out.joint = s.claim(0).joint;
  out.joint_from = s.claim(0).joint_from - in_front;
}

void unsqueeze(Step& s) {
  const Axes& x = s.is_joint(0) ? *s.claim(0).axes : moved(s);
  const auto axes = s.ints_given("axes", 1);
  if (!axes) throw NotUnderstood{"axes missing"};
  std::vector<bool> added(x.size() + axes->size(), false);
  for (const std::int64_t k : *axes) added[s.axis(k, added.size())] = true;
  if (std::ranges::count(added, true) != static_cast<std::ptrdiff_t>(axes->size())) {
    throw NotUnderstood{"an axis named twice"};
  }
  Axes result;
  auto next = x.begin();
  for (const bool a : added) result.push_back(a ? s.unit() : *next++);
  if (s.is_joint(0)) {
    // New axes among the joint ones have one element and change nothing.
    std::vector<TermId> extents;
    std::size_t from = 0, old = 0;
    for (; old < s.claim(0).joint_from || added[from]; ++from) old += !added[from];
    for (std::size_t i = from; i < result.size(); ++i) extents.push_back(result[i].extent);
    result.resize(from);
    result.push_back(s.with_one(0, s.joint_axes(0)).back());
    return s.out_joint(0, std::move(result), extents, s.type(0));
  }
  move_to(s, std::move(result));
}

void expand(Step& s) {
  const Axes& x = moved(s);
  const Ints& shape = s.ints(1);
  Axes result;
  const std::size_t rank = std::max(x.size(), shape.size());
  for (std::size_t i = 0; i < rank; ++i) {
    const Axis axis = i + x.size() < rank ? s.unit() : x[i + x.size() - rank];
    const TermId extent =
        i + shape.size() < rank ? s.terms.constant(1) : shape[i + shape.size() - rank];
    if (s.is_unit(axis)) {
      result.push_back(s.repeated(extent));
    } else {
      result.push_back(s.orders.meet(axis, {extent, axis.order, kDistinct}));
      if (!s.terms.is(extent, 1)) result.back().repeats = axis.repeats;
    }
  }
  move_to(s, std::move(result));
}

void tile(Step& s) {
  const Axes& x = moved(s);
  const Ints& repeats = s.ints(1);
  if (repeats.size() != x.size()) throw NotUnderstood{"repeats do not fit"};
  Axes result, parts;
  std::vector<TermId> extents;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool once = s.terms.is(repeats[i], 1);
    result.push_back(once ? x[i] : s.product({s.repeated(repeats[i]), x[i]}));
    if (!once) parts.push_back(s.repeated(repeats[i]));
    parts.push_back(x[i]);
    extents.push_back(result.back().extent);
  }
  // An axis that leads others is repeated together with what depends on it.
  move_to(s, has_fibres(s.orders, x) ? s.orders.regroup(parts, extents) : std::move(result));
}

void shape(Step& s) {
  if (!s.claim(0).axes) throw NotUnderstood{"an operand of unknown shape"};
  const auto n = static_cast<std::int64_t>(s.claim(0).axes->size());
  if (s.claim(0).packed_bits != 0) throw NotUnderstood{"packed elements"};
  const auto bound = [&](std::string_view name, std::int64_t otherwise) {
    const std::int64_t i = s.attr(name, otherwise);
    return std::clamp(i < 0 ? i + n : i, std::int64_t{0}, n);
  };
  s.out(0, {s.counted(std::max<std::int64_t>(bound("end", n) - bound("start", 0), 0))}, T::INT64);
}

void size(Step& s) {
  s.claim(0);
  s.out(0, {}, T::INT64);
}

// blocksize x blocksize pixels to or from the channels.
void depth_to_space(Step& s) {
  const Axes& x = s.axes(0);
  if (x.size() != 4) throw NotUnderstood{"no picture"};
  const TermId block = s.terms.constant(s.attr("blocksize", 1));
  const TermId square = s.terms.multiply(block, block);
  const auto channels = s.terms.divide_exactly(x[1].extent, square);
  if (!channels) throw NotUnderstood{"channels of unknown number"};
  const bool crd = s.attr_text("mode", "DCR") == "CRD";
  const std::vector<TermId> to = crd ? std::vector<TermId>{*channels, block, block}
                                     : std::vector<TermId>{block, block, *channels};
  const Axes parts = s.orders.regroup(std::span(&x[1], 1), to);
  const std::size_t depth = crd ? 0 : 2, first = crd ? 1 : 0;
  s.out(0,
        {x[0], parts[depth], s.product({x[2], parts[first]}), s.product({x[3], parts[first + 1]})},
        s.type(0));
}

void space_to_depth(Step& s) {
  const Axes& x = s.axes(0);
  if (x.size() != 4) throw NotUnderstood{"no picture"};
  const TermId block = s.terms.constant(s.attr("blocksize", 1));
  const auto height = s.terms.divide_exactly(x[2].extent, block),
             width = s.terms.divide_exactly(x[3].extent, block);
  if (!height || !width) throw NotUnderstood{"extents that do not divide"};
  const auto [h, i] = s.divide(x[2], *height, block);
  const auto [w, j] = s.divide(x[3], *width, block);
  s.out(0, {x[0], s.product({i, j, x[1]}), h, w}, s.type(0));
}

const Entry kEntries[] = {
    {"", "Transpose", transpose},
    {"", "Squeeze", squeeze},
    {"", "Unsqueeze", unsqueeze},
    {"", "Expand", expand},
    {"", "Tile", tile},
    {"", "Shape", shape},
    {"", "Size", size},
    {"", "DepthToSpace", depth_to_space},
    {"", "SpaceToDepth", space_to_depth},
};

}  // namespace

std::span<const Entry> shape_definitions() { return kEntries; }

}  // namespace permcrypt::proof
