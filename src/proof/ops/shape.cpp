// Operators that give the elements another shape.
#include <algorithm>
#include <numeric>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// Movement does not look at elements: renumbered ones stay so.
const Axes& moved(const Step& s) {
  const Claim& x = s.claim(0);
  if (!x.axes) throw NotUnderstood{"an operand of unknown shape"};
  if (x.packed_bits != 0) throw NotUnderstood{"packed elements"};
  return *x.axes;  // with fibred orders, which axes keep when they are moved as they are
}

void out(Step& s, Axes axes) { s.out(0, std::move(axes), s.type(0)).code = s.claim(0).code; }

void transpose(Step& s) {
  const Axes& x = moved(s);
  std::vector<std::int64_t> perm(x.size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = s.attr_ints("perm").value_or(perm);
  Axes axes;
  for (const std::int64_t p : perm) axes.push_back(x[s.axis(p, x.size())]);
  if (axes.size() != x.size()) throw NotUnderstood{"perm does not fit"};
  out(s, std::move(axes));
}

TermId product_of(Terms& t, const std::vector<TermId>& extents) {
  TermId out = t.constant(1);
  for (const TermId e : extents) out = t.multiply(out, e);
  return out;
}

// The extent that -1 stands for.
TermId rest(Terms& t, const Axes& x, const std::vector<TermId>& known) {
  std::vector<TermId> all;
  for (const Axis& axis : x) all.push_back(axis.extent);
  const TermId total = product_of(t, all), covered = product_of(t, known);
  if (const auto exact = t.divide_exactly(total, covered)) return *exact;
  return t.unknown_extent();
}

// Some axes that follow each other hold so many elements: then it is no -1.
bool is_product_of_axes(Terms& t, const Axes& x, TermId extent) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    TermId product = t.constant(1);
    for (std::size_t j = i; j < x.size(); ++j) {
      product = t.multiply(product, x[j].extent);
      if (product == extent) return true;
    }
  }
  return false;
}

// Of a tensor of unknown shape, all of which is in order.
void reshape_unknown(Step& s, const Ints& shape) {
  Axes axes;
  for (const TermId extent : shape) {
    const auto value = s.terms.value(extent);
    axes.push_back(s.plain(value && *value > 0 ? extent : s.terms.unknown_extent()));
  }
  s.out(0, std::move(axes), s.type(0));
}

void reshape(Step& s) {
  if (s.claim(0).same() && !s.claim(0).axes && s.has(1)) return reshape_unknown(s, s.ints(1));
  const Axes& x = moved(s);
  Ints shape;
  if (const auto attribute = s.attr_ints("shape")) {
    for (const std::int64_t n : *attribute) shape.push_back(s.terms.constant(n));
  } else {
    shape = s.ints(1);
  }
  const bool copies = s.attr("allowzero", 0) == 0;
  std::vector<TermId> known;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (copies && s.terms.is(shape[i], 0)) {
      if (i >= x.size()) throw NotUnderstood{"copies an axis that is not there"};
      shape[i] = x[i].extent;
    }
    if (s.terms.is(shape[i], -1)) {
      open = i;
    } else {
      known.push_back(shape[i]);
      // Whatever comes out, -1 included, stands for an extent.
      if (!s.terms.nonnegative(shape[i]) && !is_product_of_axes(s.terms, x, shape[i])) {
        shape[i] = known.back() = s.terms.function("extent", {shape[i]}, true);
      }
    }
  }
  if (open) shape[*open] = rest(s.terms, x, known);
  out(s, s.orders.regroup(x, shape));
}

void flatten(Step& s) {
  if (s.claim(0).same() && !s.claim(0).axes) {
    const Axis unknown = s.plain(s.terms.unknown_extent());
    s.out(0, {unknown, s.plain(s.terms.unknown_extent())}, s.type(0));
    return;
  }
  const Axes& x = moved(s);
  const auto rank = static_cast<std::int64_t>(x.size());
  const std::int64_t given = s.attr("axis", 1), k = given < 0 ? given + rank : given;
  if (k < 0 || k > rank) throw NotUnderstood{"an axis out of range"};
  std::vector<TermId> extents(2, s.terms.constant(1));
  for (std::int64_t i = 0; i < rank; ++i) {
    TermId& extent = extents[i < k ? 0 : 1];
    extent = s.terms.multiply(extent, x[static_cast<std::size_t>(i)].extent);
  }
  out(s, s.orders.regroup(x, extents));
}

void squeeze(Step& s) {
  const Axes& x = moved(s);
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
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!drop[i]) kept.push_back(x[i]);
  }
  out(s, std::move(kept));
}

void unsqueeze(Step& s) {
  const Axes& x = moved(s);
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
  out(s, std::move(result));
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
  out(s, std::move(result));
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
  out(s, has_fibres(s.orders, x) ? s.orders.regroup(parts, extents) : std::move(result));
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
    {"", "Reshape", reshape},
    {"", "Flatten", flatten},
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
